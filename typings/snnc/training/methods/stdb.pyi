from compiler.training.methods.stdb import *
