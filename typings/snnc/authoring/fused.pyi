from compiler.authoring.fused import *
