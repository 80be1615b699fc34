from backends.cortex_m.checks import *
