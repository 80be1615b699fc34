from backends.c_code.connections import *
