from compiler.tuning.settings import *
