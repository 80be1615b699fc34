from backends.loihi.payload.encoding import *
