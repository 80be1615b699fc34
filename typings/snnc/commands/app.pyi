from compiler.commands.app import *
