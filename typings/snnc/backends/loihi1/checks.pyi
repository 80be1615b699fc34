from backends.loihi1.checks import *
