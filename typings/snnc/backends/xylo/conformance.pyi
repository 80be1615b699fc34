from backends.xylo.conformance import *
