from compiler.training.data.event_batches import *
