from compiler.frontend.nir_layers import *
