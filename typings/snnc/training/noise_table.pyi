from compiler.training.noise_table import *
