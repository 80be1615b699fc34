from compiler.commands.verify import *
