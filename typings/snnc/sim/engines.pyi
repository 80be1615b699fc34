from compiler.sim.engines import *
