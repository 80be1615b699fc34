from backends.nir.schedule import *
