from compiler.training.network import *
