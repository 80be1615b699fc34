from backends.nir.graph import *
