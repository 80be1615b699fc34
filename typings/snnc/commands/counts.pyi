from compiler.commands.counts import *
