from compiler.training.methods.balancing import *
