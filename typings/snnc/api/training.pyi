from compiler.api.training import *
