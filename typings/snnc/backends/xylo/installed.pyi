from backends.xylo.installed import *
