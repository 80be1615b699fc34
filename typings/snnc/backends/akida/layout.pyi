from backends.akida.layout import *
