from compiler.messages.page import *
