from compiler.commands.report import *
