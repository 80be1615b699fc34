from compiler.training.methods.grid import *
