from backends.nir.layers import *
