from backends.loihi.layout import *
