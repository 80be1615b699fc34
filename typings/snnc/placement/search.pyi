from compiler.placement.search import *
