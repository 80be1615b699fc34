from backends.sanafe.checks import *
