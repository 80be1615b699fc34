from backends.c_project.options import *
