from compiler.frontend.straight_through import *
