from backends.loihi.payload.network import *
