from compiler.training.noise_settings import *
