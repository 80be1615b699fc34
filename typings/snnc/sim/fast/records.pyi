from compiler.sim.fast.records import *
