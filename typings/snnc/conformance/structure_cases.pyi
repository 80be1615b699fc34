from compiler.conformance.structure_cases import *
