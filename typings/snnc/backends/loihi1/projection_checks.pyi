from backends.loihi1.projection_checks import *
