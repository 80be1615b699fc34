from backends.akida.chips import *
