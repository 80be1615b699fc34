from compiler.training.curve import *
