from compiler.conformance.change_cases import *
