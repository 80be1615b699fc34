from compiler.frontend.nir import *
