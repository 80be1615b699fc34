from compiler.ir.neuron_models import *
