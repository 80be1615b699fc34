from compiler.ir.json_fields import *
