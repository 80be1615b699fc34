from compiler.api.inputs import *
