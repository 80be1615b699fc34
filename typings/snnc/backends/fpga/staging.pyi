from backends.fpga.staging import *
