from compiler.commands.output.noise import *
