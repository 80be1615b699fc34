from compiler.ir.neuron_checks import *
