from compiler.commands.console_tuning import *
