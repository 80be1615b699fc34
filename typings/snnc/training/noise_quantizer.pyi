from compiler.training.noise_quantizer import *
