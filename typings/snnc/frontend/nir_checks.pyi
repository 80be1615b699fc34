from compiler.frontend.nir_checks import *
