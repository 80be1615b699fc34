from backends.xylo.messages import *
