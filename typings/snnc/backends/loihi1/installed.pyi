from backends.loihi1.installed import *
