from compiler.sim.fast.dense import *
