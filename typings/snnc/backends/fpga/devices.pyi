from backends.fpga.devices import *
