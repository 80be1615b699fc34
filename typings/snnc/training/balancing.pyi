from compiler.training.balancing import *
