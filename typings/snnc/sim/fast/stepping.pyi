from compiler.sim.fast.stepping import *
