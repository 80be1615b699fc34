from compiler.training.edges import *
