from compiler.training.noise import *
