from compiler.training.methods.threshold import *
