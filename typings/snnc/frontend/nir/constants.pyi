from compiler.frontend.nir.constants import *
