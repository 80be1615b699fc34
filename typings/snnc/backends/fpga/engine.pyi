from backends.fpga.engine import *
