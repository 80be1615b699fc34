from compiler.authoring.dropout import *
