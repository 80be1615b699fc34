from compiler.training.method import *
