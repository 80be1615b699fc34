from compiler.authoring.export import *
