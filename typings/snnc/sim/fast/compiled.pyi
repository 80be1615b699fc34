from compiler.sim.fast.compiled import *
