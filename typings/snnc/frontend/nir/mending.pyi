from compiler.frontend.nir.mending import *
