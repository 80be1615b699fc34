from backends.fpga.checks import *
