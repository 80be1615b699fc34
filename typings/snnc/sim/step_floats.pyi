from compiler.sim.step_floats import *
