from compiler.workflows.ladder_notes import *
