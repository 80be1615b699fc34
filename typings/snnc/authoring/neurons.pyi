from compiler.authoring.neurons import *
