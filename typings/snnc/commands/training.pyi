from compiler.commands.training import *
