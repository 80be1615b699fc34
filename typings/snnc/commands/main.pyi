from compiler.commands.main import *
