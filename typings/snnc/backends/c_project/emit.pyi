from backends.c_project.emit import *
