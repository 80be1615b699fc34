from backends.loihi.payload.lava_import import *
