from compiler.tuning.measure import *
