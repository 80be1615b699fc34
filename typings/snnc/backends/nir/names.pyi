from backends.nir.names import *
