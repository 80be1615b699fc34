from compiler.commands.targets import *
