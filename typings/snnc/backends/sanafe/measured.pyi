from backends.sanafe.measured import *
