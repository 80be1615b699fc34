from compiler.frontend.nir.shapes import *
