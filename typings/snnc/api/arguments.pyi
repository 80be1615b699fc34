from compiler.api.arguments import *
