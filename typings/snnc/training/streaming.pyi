from compiler.training.streaming import *
