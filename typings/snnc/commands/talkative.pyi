from compiler.commands.talkative import *
