from compiler.commands.output import *
