from compiler.authoring.edges import *
