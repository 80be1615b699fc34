from passes.bias_correction import *
