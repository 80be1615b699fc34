from compiler.commands.output.climbed import *
