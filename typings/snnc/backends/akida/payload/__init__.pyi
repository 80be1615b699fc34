from backends.akida.payload import *
