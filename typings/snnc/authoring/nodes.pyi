from compiler.authoring.nodes import *
