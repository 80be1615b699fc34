from passes.bit_shift_decays import *
