from backends.fpga.emit import *
