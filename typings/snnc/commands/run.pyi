from compiler.commands.run import *
