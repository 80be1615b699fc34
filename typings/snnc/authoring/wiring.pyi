from compiler.authoring.wiring import *
