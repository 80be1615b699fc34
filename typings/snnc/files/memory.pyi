from compiler.files.memory import *
