from compiler.frontend.nir.parts import *
