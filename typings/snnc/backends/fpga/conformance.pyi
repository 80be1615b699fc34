from backends.fpga.conformance import *
