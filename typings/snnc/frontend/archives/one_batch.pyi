from compiler.frontend.archives.one_batch import *
