from backends.loihi1.traffic import *
