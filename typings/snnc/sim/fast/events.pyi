from compiler.sim.fast.events import *
