from compiler.cli_plugins import *
