from compiler.training.data.events import *
