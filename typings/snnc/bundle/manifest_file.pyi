from compiler.bundle.manifest_file import *
