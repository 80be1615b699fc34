from backends.fpga.widths import *
