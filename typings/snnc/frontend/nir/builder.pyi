from compiler.frontend.nir.builder import *
