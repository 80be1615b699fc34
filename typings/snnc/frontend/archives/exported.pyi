from compiler.frontend.archives.exported import *
