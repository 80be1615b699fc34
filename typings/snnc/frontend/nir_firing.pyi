from compiler.frontend.nir_firing import *
