from backends.c_code.table import *
