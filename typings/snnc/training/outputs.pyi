from compiler.training.outputs import *
