from compiler.commands.output.offered import *
