from compiler.console_tuning import *
