from compiler.training.noise_neurons import *
