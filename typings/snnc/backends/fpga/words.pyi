from backends.fpga.words import *
