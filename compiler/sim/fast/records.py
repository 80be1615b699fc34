"""The tables that the kernels read: one row a population, one a projection.

Neurons of a population (channels, height, width) are numbered channels last here, so that what a
convolution's spike reaches lies side by side. ``Tables.order`` leads back to the program's numbers.
"""

from __future__ import annotations

import numpy as np

DENSE, CONVOLUTION, SPARSE = 0, 1, 2
"""How a projection's weights are laid out (``kind``)."""

RATE, FRAME, GRADED, DELTA = 0, 1, 2, 3
"""Codes (``code``)."""

POPULATION = np.dtype(
    [
        ("size", "i8"),
        ("fires", "i1"),  # False for readouts; the input is never stepped
        ("narrow", "i1"),  # its registers are computed in 32 bits; set for each run
        ("state", "i8"),  # where its neurons begin in the arrays of states and constants
        ("events", "i8"),  # where its events begin among a sample's; set for each run
        ("depth", "i8"),  # past steps whose events its projections still need
        ("first", "i8"),  # its incoming projections are rows first to last - 1
        ("last", "i8"),
        ("lone", "i8"),  # its only projection, -1: none or several; set for each run
        ("cycle", "i8"),  # its thresholds repeat after one more, a power of two; -1: never
        ("hot", "i8"),  # where its numbers begin among those of vectors that cannot be left out,
        ("words", "i8"),  # and how many they are
        ("given", "i8"),  # where its arrivals begin in the array of dense ones, -1: none
        ("record", "i8"),  # where its potentials go in the record, -1: nowhere
        ("until", "i8"),  # the last step that anybody will see; set for each run
        ("current_decay", "i8"),
        ("potential_decay", "i8"),
        ("input_shift", "i8"),
        ("state_bits", "i8"),
        ("strict", "i1"),
        ("subtract", "i1"),
        ("biased", "i1"),
        ("bias_start", "i8"),
        ("bias_interval", "i8"),
        ("clear_interval", "i8"),
        ("clear_offset", "i8"),
        ("sums_changes", "i1"),  # nothing is cleared
        ("adds_answers", "i1"),  # its potential takes the current at the end of a frame alone
        ("code", "i8"),
        ("levels", "i8"),
    ],
    align=True,
)

PROJECTION = np.dtype(
    [
        ("kind", "i8"),
        ("source", "i8"),
        ("delay", "i8"),
        ("exponent", "i8"),
        ("unit_shift", "i8"),  # a weight is what is stored, shifted left by so much
        ("graded", "i1"),
        ("skipped", "i1"),  # its arrivals are in the dense array; set for each run
        ("narrow", "i1"),  # sums fit 16 bits; set for each run
        ("most", "i8"),  # spikes whose sums fit 16 bits, whichever they are; 0: not said
        ("bytes", "i8"),  # 1, 2 or 4: which pool holds its weights
        ("weights", "i8"),  # where they begin there
        ("width", "i8"),  # numbers that are added in one go, with the zeros that fill up a vector
        # SPARSE: its row pointers. Else, for each pixel of the source: the first sum that it reaches,
        # -1 if it reaches none, and in the lower 32 bits where its numbers begin in the kernel of a
        # channel. A full matrix (DENSE) is a convolution of one pixel, whose channels are all neurons
        # of the source.
        ("table", "i8"),
        ("targets", "i8"),  # SPARSE: where its targets begin
        ("channels", "i8"),  # of the source
        ("group", "i8"),  # source channels a group
        ("group_step", "i8"),  # target channels a group
        ("kernel_size", "i8"),  # weights of one source channel
        ("rows", "i8"),  # kernel rows that one spike meets
        ("parts", "i8"),  # additions for each of them, ``part_step`` apart
        ("part_step", "i8"),
        ("columns", "i8"),  # kernel columns that one spike meets,
        ("places", "i8"),  # among so many of a row of sums,
        ("column", "i8"),  # each so many numbers
        # Sums are taken with a margin, so that no spike needs a check at the border:
        ("sums", "i8"),  # how many there are
        ("lines", "i8"),  # of these so many stretches count,
        ("line", "i8"),  # each so long,
        ("line_first", "i8"),  # from here on,
        ("line_step", "i8"),  # so far apart
    ],
    align=True,
)
