from backends.akida.comparison import *
