from compiler.verify.claims import *
