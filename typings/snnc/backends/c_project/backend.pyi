from backends.c_project.backend import *
