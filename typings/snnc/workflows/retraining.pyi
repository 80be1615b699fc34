from compiler.workflows.retraining import *
