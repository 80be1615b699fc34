from backends.sanafe.wiring import *
