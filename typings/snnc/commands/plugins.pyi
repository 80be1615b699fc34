from compiler.commands.plugins import *
