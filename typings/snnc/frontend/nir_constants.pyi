from compiler.frontend.nir_constants import *
