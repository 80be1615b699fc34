from backends.nir.engine import *
