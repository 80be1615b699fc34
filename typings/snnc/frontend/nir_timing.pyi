from compiler.frontend.nir_timing import *
