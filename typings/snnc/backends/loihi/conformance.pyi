from backends.loihi.conformance import *
