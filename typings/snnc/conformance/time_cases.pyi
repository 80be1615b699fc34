from compiler.conformance.time_cases import *
