from compiler.files.documents import *
