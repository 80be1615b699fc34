from backends.loihi.payload import *
