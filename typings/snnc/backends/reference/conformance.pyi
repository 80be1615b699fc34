from backends.reference.conformance import *
