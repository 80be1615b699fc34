from backends.loihi1.cores import *
