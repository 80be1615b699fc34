from compiler.training.methods.conversion import *
