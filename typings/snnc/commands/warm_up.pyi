from compiler.commands.warm_up import *
