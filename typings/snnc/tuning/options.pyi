from compiler.tuning.options import *
