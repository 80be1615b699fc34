from compiler.training.export import *
