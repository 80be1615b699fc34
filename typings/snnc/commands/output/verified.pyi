from compiler.commands.output.verified import *
