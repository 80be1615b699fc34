from compiler.commands.output.inspected import *
