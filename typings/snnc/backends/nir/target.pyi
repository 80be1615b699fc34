from backends.nir.target import *
