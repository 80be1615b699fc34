from backends.cortex_m.emit import *
