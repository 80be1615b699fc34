from compiler.placement import *
