from compiler.noise.plot import *
