from backends.sanafe.emit import *
