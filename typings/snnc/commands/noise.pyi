from compiler.commands.noise import *
