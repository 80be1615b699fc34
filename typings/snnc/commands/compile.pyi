from compiler.commands.compile import *
