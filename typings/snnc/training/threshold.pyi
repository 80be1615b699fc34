from compiler.training.threshold import *
