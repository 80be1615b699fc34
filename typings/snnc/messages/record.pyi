from compiler.messages.record import *
