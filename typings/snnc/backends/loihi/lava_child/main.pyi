from backends.loihi.lava_child.main import *
