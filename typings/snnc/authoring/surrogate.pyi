from compiler.authoring.surrogate import *
