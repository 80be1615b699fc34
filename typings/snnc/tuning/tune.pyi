from compiler.tuning.tune import *
