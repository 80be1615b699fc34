from backends.c_code.files import *
