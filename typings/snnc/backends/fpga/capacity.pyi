from backends.fpga.capacity import *
