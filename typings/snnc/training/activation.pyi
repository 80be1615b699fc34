from compiler.training.activation import *
