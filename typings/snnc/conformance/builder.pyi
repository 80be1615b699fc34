from compiler.conformance.builder import *
