from compiler.shipped import *
