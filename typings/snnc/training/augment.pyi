from compiler.training.augment import *
