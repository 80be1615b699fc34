from backends.loihi import *
