from backends.loihi.potentials import *
