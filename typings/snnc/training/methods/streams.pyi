from compiler.training.methods.streams import *
