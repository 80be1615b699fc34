from compiler.frontend.gathering import *
