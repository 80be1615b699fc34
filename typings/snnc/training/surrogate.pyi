from compiler.training.surrogate import *
