from compiler.training.recordings import *
