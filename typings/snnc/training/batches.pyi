from compiler.training.batches import *
