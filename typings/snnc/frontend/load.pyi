from compiler.frontend.load import *
