from compiler.training.fit import *
