from backends.xylo.comparison import *
