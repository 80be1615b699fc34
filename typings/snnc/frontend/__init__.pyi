from compiler.frontend import *
