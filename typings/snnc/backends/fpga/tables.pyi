from backends.fpga.tables import *
