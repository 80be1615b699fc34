from backends.akida.reading import *
