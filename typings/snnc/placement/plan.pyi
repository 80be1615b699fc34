from compiler.placement.plan import *
