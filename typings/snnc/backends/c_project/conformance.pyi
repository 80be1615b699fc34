from backends.c_project.conformance import *
