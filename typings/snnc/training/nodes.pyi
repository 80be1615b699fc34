from compiler.training.nodes import *
