from backends.akida.shifted_checks import *
