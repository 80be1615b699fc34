from backends.akida import *
