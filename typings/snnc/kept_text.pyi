from compiler.kept_text import *
