from backends.sanafe.conformance import *
