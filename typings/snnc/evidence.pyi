from compiler.evidence import *
