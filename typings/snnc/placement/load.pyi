from compiler.placement.load import *
