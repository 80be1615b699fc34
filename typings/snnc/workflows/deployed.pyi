from compiler.workflows.deployed import *
