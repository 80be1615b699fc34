from compiler.training.noise_plot import *
