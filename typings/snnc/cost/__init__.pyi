from compiler.cost import *
