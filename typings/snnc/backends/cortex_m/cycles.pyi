from backends.cortex_m.cycles import *
