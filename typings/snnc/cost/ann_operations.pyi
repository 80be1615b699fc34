from compiler.cost.ann_operations import *
