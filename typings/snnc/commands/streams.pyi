from compiler.commands.streams import *
