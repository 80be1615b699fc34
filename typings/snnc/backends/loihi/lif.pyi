from backends.loihi.lif import *
