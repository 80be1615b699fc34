from backends.loihi.projection_checks import *
