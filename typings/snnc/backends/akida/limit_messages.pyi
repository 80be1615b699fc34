from backends.akida.limit_messages import *
