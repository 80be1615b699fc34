from compiler.noise.neurons import *
