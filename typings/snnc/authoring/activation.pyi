from compiler.authoring.activation import *
