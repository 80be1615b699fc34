from compiler.cli_common import *
