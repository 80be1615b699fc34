from backends.fpga.building import *
