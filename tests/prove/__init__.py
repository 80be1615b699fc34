"""One neuron's step, proved: that every integer implementation does what ``ir/fixed_point.py`` says.

``python -m tests.prove`` (``make prove``) runs the project's own functions on expressions instead of
numbers, and has Z3 show that what comes out is equal for every state, input and parameter within the
ranges of ``snnc.ir.program_ranges``. ``docs/one-step.md`` lists the implementations and how far each is
shown equal.
"""
