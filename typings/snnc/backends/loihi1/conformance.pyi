from backends.loihi1.conformance import *
