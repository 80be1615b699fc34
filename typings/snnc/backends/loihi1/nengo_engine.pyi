from backends.loihi1.nengo_engine import *
