from backends.xylo.specification import *
