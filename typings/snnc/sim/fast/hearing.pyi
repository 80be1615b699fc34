from compiler.sim.fast.hearing import *
