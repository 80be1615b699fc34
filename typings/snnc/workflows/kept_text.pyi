from compiler.workflows.kept_text import *
