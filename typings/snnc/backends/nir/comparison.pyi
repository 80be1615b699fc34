from backends.nir.comparison import *
