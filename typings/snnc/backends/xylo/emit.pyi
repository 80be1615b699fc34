from backends.xylo.emit import *
