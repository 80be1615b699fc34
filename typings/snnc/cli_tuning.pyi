from compiler.cli_tuning import *
