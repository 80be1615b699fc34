from compiler.placement.wiring import *
