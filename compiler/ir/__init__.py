"""The graph and the program, their verifiers and text forms, and the integer arithmetic."""

from .convolution import AvgPool2d, Conv2d
from .dynamics import STANDARD, Code, Comparison, Encoding, Kind, Neuron, Reset
from .extent import Extent, Fan
from .fixed_point import (
    Integers,
    SignMode,
    decay,
    fire,
    integrate,
    level,
    on_grid,
    saturate,
    shift_sum,
    weight_range,
    weight_step,
    wrap_current,
    wrap_int32,
)
from .graph import Graph, Population, PopulationGrid, Projection, WeightGrid, target_shape
from .input_grid import InputGrid, Misfit
from .input_range import input_range, relays_payloads
from .limits import Limit, LimitName
from .neuron_models import BoundedModel, NeuronModel, Reach, find_model
from .ops import (
    Array,
    BatchNorm,
    Flatten,
    Identity,
    Linear,
    Op,
    Pair,
    Place,
    Reshape,
    Scale,
    Shape,
    SparseLinear,
    apply_chain,
    chain_shapes,
    per_channel,
    size,
)
from .program import IntegerNeuron, Program, ProgramPopulation, ProgramProjection
from .program_file import pack_arrays, unpack_arrays, write_program
from .program_reader import read_program
from .relays import relays_needed, with_relays
from .target import Target
from .trace import Measured, Trace
from .validation import validate

__all__ = [
    "STANDARD",
    "Array",
    "AvgPool2d",
    "BatchNorm",
    "BoundedModel",
    "Code",
    "Comparison",
    "Conv2d",
    "Encoding",
    "Extent",
    "Fan",
    "Flatten",
    "Graph",
    "Identity",
    "InputGrid",
    "IntegerNeuron",
    "Integers",
    "Kind",
    "Limit",
    "LimitName",
    "Linear",
    "Measured",
    "Misfit",
    "Neuron",
    "NeuronModel",
    "Op",
    "Pair",
    "Place",
    "Population",
    "PopulationGrid",
    "Program",
    "ProgramPopulation",
    "ProgramProjection",
    "Projection",
    "Reach",
    "Reset",
    "Reshape",
    "Scale",
    "Shape",
    "SignMode",
    "SparseLinear",
    "Target",
    "Trace",
    "WeightGrid",
    "apply_chain",
    "chain_shapes",
    "decay",
    "find_model",
    "fire",
    "input_range",
    "integrate",
    "level",
    "on_grid",
    "pack_arrays",
    "per_channel",
    "read_program",
    "relays_needed",
    "relays_payloads",
    "saturate",
    "shift_sum",
    "size",
    "target_shape",
    "unpack_arrays",
    "validate",
    "weight_range",
    "weight_step",
    "with_relays",
    "wrap_current",
    "wrap_int32",
    "write_program",
]
