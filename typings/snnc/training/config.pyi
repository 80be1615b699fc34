from compiler.training.config import *
