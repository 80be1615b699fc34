from compiler.sim.spiking import *
