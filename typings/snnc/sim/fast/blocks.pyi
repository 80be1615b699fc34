from compiler.sim.fast.blocks import *
