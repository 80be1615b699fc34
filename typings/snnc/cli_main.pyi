from compiler.cli_main import *
