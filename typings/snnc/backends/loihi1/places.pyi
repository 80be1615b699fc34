from backends.loihi1.places import *
