from compiler.optional import *
