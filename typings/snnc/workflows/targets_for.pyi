from compiler.workflows.targets_for import *
