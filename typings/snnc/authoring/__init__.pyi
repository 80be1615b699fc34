from compiler.authoring import *
