from backends.nir.sketch import *
