from compiler.workflows.pipelines import *
