from backends.loihi.session import *
