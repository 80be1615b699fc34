from compiler.sim.fast.kernels import *
