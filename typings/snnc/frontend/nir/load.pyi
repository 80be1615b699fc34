from compiler.frontend.nir.load import *
