from compiler.noise.measure import *
