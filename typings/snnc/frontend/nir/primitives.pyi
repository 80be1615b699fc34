from compiler.frontend.nir.primitives import *
