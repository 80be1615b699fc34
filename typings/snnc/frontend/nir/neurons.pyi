from compiler.frontend.nir.neurons import *
