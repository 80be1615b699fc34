from compiler.training.checkpoint import *
