from compiler.frontend.nir.firing import *
