from passes.threshold_bound import *
