from backends.c_code.layout import *
