from compiler.commands.output.trained import *
