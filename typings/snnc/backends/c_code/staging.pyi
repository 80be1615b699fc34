from backends.c_code.staging import *
