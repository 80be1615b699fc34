from backends.xylo.engine import *
