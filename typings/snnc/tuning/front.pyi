from compiler.tuning.front import *
