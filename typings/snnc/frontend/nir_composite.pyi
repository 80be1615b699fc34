from compiler.frontend.nir_composite import *
