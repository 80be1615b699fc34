from compiler.conformance.case import *
