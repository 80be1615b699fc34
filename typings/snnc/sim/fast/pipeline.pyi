from compiler.sim.fast.pipeline import *
