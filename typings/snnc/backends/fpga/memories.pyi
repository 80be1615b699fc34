from backends.fpga.memories import *
