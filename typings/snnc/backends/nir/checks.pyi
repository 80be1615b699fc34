from backends.nir.checks import *
