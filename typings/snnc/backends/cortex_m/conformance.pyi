from backends.cortex_m.conformance import *
