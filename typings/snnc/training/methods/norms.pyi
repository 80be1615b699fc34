from compiler.training.methods.norms import *
