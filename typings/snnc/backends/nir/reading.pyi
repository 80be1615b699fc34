from backends.nir.reading import *
