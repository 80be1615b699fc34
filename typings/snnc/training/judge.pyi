from compiler.training.judge import *
