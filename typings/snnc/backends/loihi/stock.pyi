from backends.loihi.stock import *
