from backends.akida.payload.akida_network import *
