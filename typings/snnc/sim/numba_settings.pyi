from compiler.sim.numba_settings import *
