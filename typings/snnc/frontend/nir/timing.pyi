from compiler.frontend.nir.timing import *
