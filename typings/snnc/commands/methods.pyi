from compiler.commands.methods import *
