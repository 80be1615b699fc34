from compiler.commands.output.listings import *
