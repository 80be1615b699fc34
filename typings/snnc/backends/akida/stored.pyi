from backends.akida.stored import *
