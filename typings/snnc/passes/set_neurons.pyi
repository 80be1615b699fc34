from passes.set_neurons import *
