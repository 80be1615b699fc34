from compiler.frontend.nir_neurons import *
