from backends.c_project.checks import *
