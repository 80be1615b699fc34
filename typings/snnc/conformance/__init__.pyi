from compiler.conformance import *
