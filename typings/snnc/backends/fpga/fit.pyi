from backends.fpga.fit import *
