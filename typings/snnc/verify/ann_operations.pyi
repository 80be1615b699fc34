from compiler.verify.ann_operations import *
