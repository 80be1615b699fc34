from backends.fpga.stimulus import *
