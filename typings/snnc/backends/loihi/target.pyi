from backends.loihi.target import *
