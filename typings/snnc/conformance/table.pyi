from compiler.conformance.table import *
