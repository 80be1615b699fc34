from compiler.training import *
