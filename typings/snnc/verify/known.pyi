from compiler.verify.known import *
