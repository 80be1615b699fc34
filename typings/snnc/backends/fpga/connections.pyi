from backends.fpga.connections import *
