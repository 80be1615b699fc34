from backends.keeper import *
