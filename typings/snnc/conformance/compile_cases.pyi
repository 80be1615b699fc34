from compiler.conformance.compile_cases import *
