from compiler.training.stages import *
