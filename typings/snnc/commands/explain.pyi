from compiler.commands.explain import *
