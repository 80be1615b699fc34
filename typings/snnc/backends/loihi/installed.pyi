from backends.loihi.installed import *
