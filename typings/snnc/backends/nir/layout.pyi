from backends.nir.layout import *
