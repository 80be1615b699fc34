from backends.loihi.emit import *
