from compiler.neuron_checks import *
