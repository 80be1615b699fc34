from compiler.training.methods.base import *
