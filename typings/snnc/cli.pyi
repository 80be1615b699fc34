from compiler.cli import *
