from backends.loihi.placing import *
