from backends.xylo.target import *
