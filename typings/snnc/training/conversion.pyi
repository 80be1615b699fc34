from compiler.training.conversion import *
