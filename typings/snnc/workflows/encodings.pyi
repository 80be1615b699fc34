from compiler.workflows.encodings import *
