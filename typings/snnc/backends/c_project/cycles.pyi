from backends.c_project.cycles import *
