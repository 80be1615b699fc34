from backends.nir.levels import *
