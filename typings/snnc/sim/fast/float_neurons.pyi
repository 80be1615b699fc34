from compiler.sim.fast.float_neurons import *
