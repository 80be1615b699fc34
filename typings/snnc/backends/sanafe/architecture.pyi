from backends.sanafe.architecture import *
