from backends.nir.neurons import *
