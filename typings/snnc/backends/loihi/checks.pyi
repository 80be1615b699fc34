from backends.loihi.checks import *
