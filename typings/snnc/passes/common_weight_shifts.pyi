from passes.common_weight_shifts import *
