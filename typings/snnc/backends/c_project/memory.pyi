from backends.c_project.memory import *
