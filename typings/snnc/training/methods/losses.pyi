from compiler.training.methods.losses import *
