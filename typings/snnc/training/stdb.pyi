from compiler.training.stdb import *
