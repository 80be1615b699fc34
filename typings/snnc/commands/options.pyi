from compiler.commands.options import *
