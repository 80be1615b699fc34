from backends.nir.effects import *
