from compiler.noise.of_model import *
