from compiler.frontend.builder import *
