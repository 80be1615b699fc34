from backends.sanafe.payload import *
