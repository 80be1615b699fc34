from compiler.conformance.suite import *
