from compiler.training.weights import *
