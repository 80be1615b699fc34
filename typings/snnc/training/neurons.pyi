from compiler.training.neurons import *
