from backends.akida.neuron_checks import *
