from backends.payload_names import *
