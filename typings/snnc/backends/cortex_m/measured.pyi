from backends.cortex_m.measured import *
