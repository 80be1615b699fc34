from compiler.tuning import *
