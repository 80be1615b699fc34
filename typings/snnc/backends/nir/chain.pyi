from backends.nir.chain import *
