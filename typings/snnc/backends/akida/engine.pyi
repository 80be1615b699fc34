from backends.akida.engine import *
