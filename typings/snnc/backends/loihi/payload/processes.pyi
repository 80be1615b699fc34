from backends.loihi.payload.processes import *
