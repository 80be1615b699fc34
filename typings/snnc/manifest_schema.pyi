from compiler.manifest_schema import *
