from compiler.training.data.poisson import *
