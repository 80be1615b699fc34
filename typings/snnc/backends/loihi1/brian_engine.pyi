from backends.loihi1.brian_engine import *
