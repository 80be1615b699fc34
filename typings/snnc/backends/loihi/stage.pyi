from backends.loihi.stage import *
