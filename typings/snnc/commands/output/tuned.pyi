from compiler.commands.output.tuned import *
