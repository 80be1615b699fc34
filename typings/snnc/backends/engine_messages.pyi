from backends.engine_messages import *
