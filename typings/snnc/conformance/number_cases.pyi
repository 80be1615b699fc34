from compiler.conformance.number_cases import *
