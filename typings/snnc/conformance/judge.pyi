from compiler.conformance.judge import *
