from compiler.commands.output.console import *
