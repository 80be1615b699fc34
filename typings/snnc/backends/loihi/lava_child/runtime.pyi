from backends.loihi.lava_child.runtime import *
