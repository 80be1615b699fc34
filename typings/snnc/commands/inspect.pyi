from compiler.commands.inspect import *
