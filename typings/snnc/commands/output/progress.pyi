from compiler.commands.output.progress import *
