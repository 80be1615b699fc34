from compiler.sim.analog import *
