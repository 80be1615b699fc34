from backends.xylo.host import *
