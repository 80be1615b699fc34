from compiler.training.methods.weights import *
