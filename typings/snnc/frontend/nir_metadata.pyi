from compiler.frontend.nir_metadata import *
