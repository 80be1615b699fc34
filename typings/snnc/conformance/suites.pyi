from compiler.conformance.suites import *
