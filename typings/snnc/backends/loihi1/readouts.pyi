from backends.loihi1.readouts import *
