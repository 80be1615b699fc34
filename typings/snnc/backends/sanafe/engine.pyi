from backends.sanafe.engine import *
