from backends.loihi1.split import *
