from compiler.frontend.archives.archive import *
