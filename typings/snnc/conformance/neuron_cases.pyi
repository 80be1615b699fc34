from compiler.conformance.neuron_cases import *
