from compiler.tuning.plot import *
