from passes.balance_thresholds import *
