from compiler.conformance.__main__ import *
