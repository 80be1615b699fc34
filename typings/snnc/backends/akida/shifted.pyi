from backends.akida.shifted import *
