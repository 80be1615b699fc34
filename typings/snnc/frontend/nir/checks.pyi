from compiler.frontend.nir.checks import *
