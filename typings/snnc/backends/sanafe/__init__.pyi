from backends.sanafe import *
