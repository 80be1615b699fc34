from compiler.training.methods.thaw import *
