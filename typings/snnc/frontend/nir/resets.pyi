from compiler.frontend.nir.resets import *
