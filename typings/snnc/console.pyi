from compiler.console import *
