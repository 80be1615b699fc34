from backends.fpga.readme import *
