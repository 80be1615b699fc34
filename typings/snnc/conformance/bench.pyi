from compiler.conformance.bench import *
