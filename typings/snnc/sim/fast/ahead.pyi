from compiler.sim.fast.ahead import *
