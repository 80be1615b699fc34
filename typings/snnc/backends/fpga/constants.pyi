from backends.fpga.constants import *
