from backends.xylo.common_weight_shifts import *
