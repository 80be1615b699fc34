from compiler.api.programs import *
