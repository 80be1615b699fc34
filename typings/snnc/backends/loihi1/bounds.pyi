from backends.loihi1.bounds import *
