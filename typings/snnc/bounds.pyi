from compiler.bounds import *
