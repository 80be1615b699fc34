from backends.sanafe.mapping import *
