from backends.c_project import *
