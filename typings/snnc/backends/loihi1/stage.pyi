from backends.loihi1.stage import *
