from compiler.sim.reference import *
