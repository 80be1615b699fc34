from backends.nir.choices import *
