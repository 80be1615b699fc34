from compiler.conformance.kit import *
