from compiler.commands.console import *
