from backends.c_project.measured import *
