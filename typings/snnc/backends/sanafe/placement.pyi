from backends.sanafe.placement import *
