from compiler.messages.text import *
