from backends.akida.emit import *
