from backends.loihi1.memory import *
