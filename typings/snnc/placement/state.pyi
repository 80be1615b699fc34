from compiler.placement.state import *
