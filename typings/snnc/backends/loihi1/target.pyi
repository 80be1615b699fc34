from backends.loihi1.target import *
