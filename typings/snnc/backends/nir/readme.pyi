from backends.nir.readme import *
