from compiler.training.data.batches import *
