from compiler.distributing.scheduled import *
