from compiler.frontend.nir.metadata import *
