from compiler.authoring.unrolling import *
