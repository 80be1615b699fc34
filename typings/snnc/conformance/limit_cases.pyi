from compiler.conformance.limit_cases import *
