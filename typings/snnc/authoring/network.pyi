from compiler.authoring.network import *
