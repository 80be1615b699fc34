from compiler.commands.output.ran import *
