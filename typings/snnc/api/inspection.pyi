from compiler.api.inspection import *
