from compiler.messages.links import *
