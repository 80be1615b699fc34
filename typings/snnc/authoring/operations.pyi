from compiler.authoring.operations import *
