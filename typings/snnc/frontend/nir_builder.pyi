from compiler.frontend.nir_builder import *
