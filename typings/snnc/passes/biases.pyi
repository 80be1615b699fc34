from passes.biases import *
