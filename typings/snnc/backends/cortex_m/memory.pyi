from backends.cortex_m.memory import *
