from compiler.workflows.contradictions import *
