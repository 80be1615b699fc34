from compiler.verify.observed import *
