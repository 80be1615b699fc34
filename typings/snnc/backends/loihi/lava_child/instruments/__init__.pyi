from backends.loihi.lava_child.instruments import *
