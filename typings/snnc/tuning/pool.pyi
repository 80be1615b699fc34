from compiler.tuning.pool import *
