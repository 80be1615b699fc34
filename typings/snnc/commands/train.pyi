from compiler.commands.train import *
