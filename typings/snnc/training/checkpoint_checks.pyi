from compiler.training.checkpoint_checks import *
