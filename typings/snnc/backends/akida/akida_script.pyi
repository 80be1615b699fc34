from backends.akida.akida_script import *
