from backends.loihi.lava_child.assemble import *
