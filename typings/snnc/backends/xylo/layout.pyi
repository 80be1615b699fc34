from backends.xylo.layout import *
