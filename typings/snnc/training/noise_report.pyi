from compiler.training.noise_report import *
