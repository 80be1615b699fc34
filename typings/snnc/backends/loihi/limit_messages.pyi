from backends.loihi.limit_messages import *
