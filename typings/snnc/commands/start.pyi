from compiler.commands.start import *
