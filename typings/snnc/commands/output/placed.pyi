from compiler.commands.output.placed import *
