from backends.nir import *
