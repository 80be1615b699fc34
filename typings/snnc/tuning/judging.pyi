from compiler.tuning.judging import *
