from compiler.commands.tuning import *
