from compiler.training.operations import *
