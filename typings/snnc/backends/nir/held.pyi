from backends.nir.held import *
