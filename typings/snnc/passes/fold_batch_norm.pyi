from passes.fold_batch_norm import *
