from backends.payload_files import *
