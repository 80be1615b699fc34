from compiler.training.rounding import *
