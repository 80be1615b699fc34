from compiler.files.zips import *
