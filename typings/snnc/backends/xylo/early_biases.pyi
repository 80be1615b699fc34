from backends.xylo.early_biases import *
