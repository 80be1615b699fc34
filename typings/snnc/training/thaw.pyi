from compiler.training.thaw import *
