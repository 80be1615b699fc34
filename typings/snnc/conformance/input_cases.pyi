from compiler.conformance.input_cases import *
