from backends.loihi1.core_messages import *
