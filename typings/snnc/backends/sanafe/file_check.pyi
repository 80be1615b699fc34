from backends.sanafe.file_check import *
