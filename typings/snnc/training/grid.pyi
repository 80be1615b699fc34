from compiler.training.grid import *
