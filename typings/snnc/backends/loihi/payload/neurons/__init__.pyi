from backends.loihi.payload.neurons import *
