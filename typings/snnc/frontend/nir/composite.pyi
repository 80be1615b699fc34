from compiler.frontend.nir.composite import *
