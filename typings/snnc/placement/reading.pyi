from compiler.placement.reading import *
