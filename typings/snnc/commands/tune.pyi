from compiler.commands.tune import *
