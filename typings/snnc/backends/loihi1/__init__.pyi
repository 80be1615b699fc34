from backends.loihi1 import *
