from compiler.verify.timing import *
