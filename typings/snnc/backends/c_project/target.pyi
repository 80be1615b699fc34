from backends.c_project.target import *
