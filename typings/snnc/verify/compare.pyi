from compiler.verify.compare import *
