from backends.xylo.bit_shifts import *
