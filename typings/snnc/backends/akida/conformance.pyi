from backends.akida.conformance import *
