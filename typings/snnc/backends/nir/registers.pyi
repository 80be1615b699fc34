from backends.nir.registers import *
