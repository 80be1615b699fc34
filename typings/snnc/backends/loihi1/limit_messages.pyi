from backends.loihi1.limit_messages import *
