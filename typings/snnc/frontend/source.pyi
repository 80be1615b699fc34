from compiler.frontend.source import *
