from backends.loihi1.emit import *
