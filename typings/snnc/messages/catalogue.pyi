from compiler.messages.catalogue import *
