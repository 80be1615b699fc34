from backends.limit_messages import *
