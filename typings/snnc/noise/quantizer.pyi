from compiler.noise.quantizer import *
