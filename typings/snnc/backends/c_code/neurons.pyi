from backends.c_code.neurons import *
