from compiler.training.data.augment import *
