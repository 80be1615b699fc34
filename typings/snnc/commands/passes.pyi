from compiler.commands.passes import *
