from compiler.contradictions import *
