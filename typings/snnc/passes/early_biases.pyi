from passes.early_biases import *
