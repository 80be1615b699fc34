from compiler.authoring.neuron_kernels import *
