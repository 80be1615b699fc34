from backends.sanafe.register import *
