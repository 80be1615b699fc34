from backends.c_code.widths import *
