from compiler.training.parts import *
