from backends.c_project.board import *
