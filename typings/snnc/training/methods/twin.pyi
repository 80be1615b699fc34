from compiler.training.methods.twin import *
