from backends.fpga.units import *
