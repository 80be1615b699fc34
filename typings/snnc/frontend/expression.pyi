from compiler.frontend.expression import *
