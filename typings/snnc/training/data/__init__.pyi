from compiler.training.data import *
