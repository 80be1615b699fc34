from backends.fpga import *
