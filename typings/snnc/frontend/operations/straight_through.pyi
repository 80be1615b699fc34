from compiler.frontend.operations.straight_through import *
