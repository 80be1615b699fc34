from backends.nir.shapes import *
