from compiler.training.recipe import *
