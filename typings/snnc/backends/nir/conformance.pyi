from backends.nir.conformance import *
