from compiler.frontend.layers import *
