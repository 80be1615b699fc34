from backends.akida.checks import *
