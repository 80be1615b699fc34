from compiler.training.event_sets import *
