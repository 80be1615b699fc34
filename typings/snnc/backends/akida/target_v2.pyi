from backends.akida.target_v2 import *
