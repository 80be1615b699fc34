from backends.xylo import *
