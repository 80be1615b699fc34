from compiler.cli_training import *
