from compiler.conformance.code_cases import *
