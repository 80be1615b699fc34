from compiler.placement.limits import *
