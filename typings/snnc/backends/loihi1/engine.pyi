from backends.loihi1.engine import *
