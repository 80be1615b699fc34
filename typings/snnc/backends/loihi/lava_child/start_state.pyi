from backends.loihi.lava_child.start_state import *
