from backends.loihi.lava_child.delays_once import *
