from backends.c_code import *
