from backends.loihi.engine import *
