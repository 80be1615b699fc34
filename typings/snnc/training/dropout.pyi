from compiler.training.dropout import *
