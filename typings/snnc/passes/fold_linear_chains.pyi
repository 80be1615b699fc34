from passes.fold_linear_chains import *
