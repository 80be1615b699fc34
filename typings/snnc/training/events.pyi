from compiler.training.events import *
