from backends.loihi.lava_child import *
