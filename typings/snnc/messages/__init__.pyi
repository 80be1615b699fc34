from compiler.messages import *
