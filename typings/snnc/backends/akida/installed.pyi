from backends.akida.installed import *
