from backends.akida.target import *
