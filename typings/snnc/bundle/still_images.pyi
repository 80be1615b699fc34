from compiler.bundle.still_images import *
