from compiler.frontend.interface import *
