from compiler.training.methods.registry import *
