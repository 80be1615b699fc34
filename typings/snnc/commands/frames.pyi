from compiler.commands.frames import *
