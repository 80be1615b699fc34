from compiler.placement.mesh import *
