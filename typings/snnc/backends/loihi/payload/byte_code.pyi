from backends.loihi.payload.byte_code import *
