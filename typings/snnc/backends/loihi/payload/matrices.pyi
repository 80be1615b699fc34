from backends.loihi.payload.matrices import *
