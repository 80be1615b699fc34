from compiler.commands.output.framed import *
