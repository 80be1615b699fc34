from backends.cortex_m.engine import *
