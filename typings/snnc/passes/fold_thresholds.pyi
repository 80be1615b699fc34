from passes.fold_thresholds import *
