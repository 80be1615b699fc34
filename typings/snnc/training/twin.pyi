from compiler.training.twin import *
