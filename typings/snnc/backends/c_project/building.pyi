from backends.c_project.building import *
