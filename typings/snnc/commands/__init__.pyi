from compiler.commands import *
