from backends.reference import *
