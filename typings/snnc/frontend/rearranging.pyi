from compiler.frontend.rearranging import *
