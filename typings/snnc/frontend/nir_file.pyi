from compiler.frontend.nir_file import *
