from compiler.sim.encoding import *
