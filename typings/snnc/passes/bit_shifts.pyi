from passes.bit_shifts import *
