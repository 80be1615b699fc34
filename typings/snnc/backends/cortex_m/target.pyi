from backends.cortex_m.target import *
