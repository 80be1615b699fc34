from compiler.bundle.manifest_schema import *
