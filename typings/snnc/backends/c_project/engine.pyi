from backends.c_project.engine import *
