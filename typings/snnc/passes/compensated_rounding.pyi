from passes.compensated_rounding import *
