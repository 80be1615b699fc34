from backends.xylo.saturation import *
