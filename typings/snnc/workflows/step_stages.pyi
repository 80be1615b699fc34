from compiler.workflows.step_stages import *
