from compiler.commands.output.compiled import *
