from backends.sanafe.payload.play import *
