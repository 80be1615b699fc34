from backends.fpga.target import *
