from compiler.training.methods import *
