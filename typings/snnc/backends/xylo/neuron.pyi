from backends.xylo.neuron import *
