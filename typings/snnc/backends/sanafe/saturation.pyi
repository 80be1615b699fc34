from backends.sanafe.saturation import *
