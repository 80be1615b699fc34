from compiler.training.methods.streaming import *
