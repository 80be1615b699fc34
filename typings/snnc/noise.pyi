from compiler.noise import *
