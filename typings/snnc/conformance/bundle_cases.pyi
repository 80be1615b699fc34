from compiler.conformance.bundle_cases import *
