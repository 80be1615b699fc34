from compiler.frontend.standard_layers import *
