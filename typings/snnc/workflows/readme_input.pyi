from compiler.workflows.readme_input import *
