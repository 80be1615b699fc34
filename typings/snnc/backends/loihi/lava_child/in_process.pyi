from backends.loihi.lava_child.in_process import *
