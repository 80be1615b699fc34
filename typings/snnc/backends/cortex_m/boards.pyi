from backends.cortex_m.boards import *
