from compiler.training.tables import *
