from compiler.frontend.nir.layers import *
