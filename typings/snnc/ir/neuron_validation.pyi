from compiler.ir.neuron_validation import *
