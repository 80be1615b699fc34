from compiler.commands.output.costs import *
