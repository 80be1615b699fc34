from compiler.sim.room import *
