from compiler.training.event_batches import *
