from backends.nir.bounds import *
