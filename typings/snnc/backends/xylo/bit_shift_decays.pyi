from backends.xylo.bit_shift_decays import *
