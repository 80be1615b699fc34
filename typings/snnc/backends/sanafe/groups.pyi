from backends.sanafe.groups import *
