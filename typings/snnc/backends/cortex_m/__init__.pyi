from backends.cortex_m import *
