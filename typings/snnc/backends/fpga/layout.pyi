from backends.fpga.layout import *
