from compiler.training.data.event_sets import *
