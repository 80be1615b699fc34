from compiler.conformance.cases import *
