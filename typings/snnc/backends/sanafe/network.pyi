from backends.sanafe.network import *
