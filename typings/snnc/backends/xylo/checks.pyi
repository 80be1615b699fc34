from backends.xylo.checks import *
