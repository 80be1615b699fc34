"""What to do instead: one line for every operation that people meet and the compiler lacks."""

from __future__ import annotations

from snnc.frontend.archives.exported import Node

HOW_TO_EXPORT = (
    "write the model with snnc.Rollout.export(path), or with "
    "torch.export.save(torch.export.export(net.eval(), (example_frame,)), path); see docs/models.md"
)

SPIKES = "spiking neurons compute a rectified sum; put nn.ReLU or nn.ReLU6 here and train again"
POSITIVE = "put the ReLU before the pooling or right behind it, which is the same"
WINDOWS = "leave ceil_mode out, or pad the image to a whole number of windows"
AT_THE_END = "leave it out of the network: the largest element of the readout stays the largest"
LOOP = "build the recurrence from snnc.Rollout edges, whose delays the chip can keep"
NORM = "use nn.BatchNorm2d, which becomes part of the weights; others depend on each input"
PRODUCT = "a chip only adds what arrives and multiplies it by fixed weights"
CONV2D = "use nn.Conv2d or nn.Conv1d"
BUFFER = "compute the numbers beforehand and register_buffer them"
NO_GRAD = "remove torch.no_grad() from forward; put it around the call of torch.export.export"
BRANCH = "a chip computes the same for every input; make forward free of conditions and loops"
MERGE = "use nn.Flatten(), or view(1, -1): the batch axis must stay in front"

CURES: dict[str, str] = {
    "_log_softmax": AT_THE_END,
    "_softmax": AT_THE_END,
    "argmax": AT_THE_END,
    "bmm": PRODUCT,
    "celu": SPIKES,
    "conv_transpose3d": CONV2D,
    "elu": SPIKES,
    "exp": SPIKES,
    "gelu": SPIKES,
    "group_norm": NORM,
    "gru": LOOP,
    "gru_cell": LOOP,
    "hardswish": SPIKES,
    "instance_norm": NORM,
    "layer_norm": NORM,
    "log_softmax": AT_THE_END,
    "lstm": LOOP,
    "lstm_cell": LOOP,
    "mish": SPIKES,
    "mul": PRODUCT,
    "native_group_norm": NORM,
    "native_layer_norm": NORM,
    "pow": SPIKES,
    "rms_norm": NORM,
    "rnn_relu": LOOP,
    "rnn_tanh": LOOP,
    "scaled_dot_product_attention": PRODUCT,
    "sigmoid": SPIKES,
    "silu": SPIKES,
    "softmax": AT_THE_END,
    "softplus": SPIKES,
    "tanh": SPIKES,
    "topk": AT_THE_END,
    "where": BRANCH,
}

HIGHER_ORDER: dict[str, str] = {
    "torch.ops.higher_order.cond": BRANCH,
    "torch.ops.higher_order.while_loop": BRANCH,
    "torch.ops.higher_order.wrap_with_set_grad_enabled": NO_GRAD,
    "torch.ops.higher_order.wrap_with_autocast": "export without torch.autocast, in float32",
}

ONNX_CURES: dict[str, str] = {
    **dict.fromkeys(("ArgMax", "LogSoftmax", "Softmax", "TopK"), AT_THE_END),
    **dict.fromkeys(("Celu", "Elu", "Erf", "Exp", "Gelu", "HardSwish", "Mish", "Pow", "Selu"), SPIKES),
    **dict.fromkeys(("Sigmoid", "Softplus", "Softsign", "Sqrt", "Swish", "Tanh"), SPIKES),
    **dict.fromkeys(("GroupNormalization", "InstanceNormalization", "LRN"), NORM),
    **dict.fromkeys(("LayerNormalization", "LpNormalization", "RMSNormalization"), NORM),
    **dict.fromkeys(("GRU", "LSTM", "Loop", "RNN", "Scan"), LOOP),
    **dict.fromkeys(("Equal", "Greater", "If", "Less", "Where"), BRANCH),
    "Attention": PRODUCT,
    **dict.fromkeys(
        ("ConvInteger", "DynamicQuantizeLinear", "MatMulInteger", "QGemm", "QLinearAdd"),
        "export with QuantizeLinear and DequantizeLinear around every operation (QDQ), with scales "
        "that do not depend on data",
    ),
}
"""By operation of ONNX."""

OTHER_ONNX = "docs/onnx.md lists every operation that is read"

ANYTHING_ELSE = (
    "build the network from nn.Conv2d, nn.Linear, nn.BatchNorm2d, nn.AvgPool2d, nn.Flatten, "
    "sums and nn.ReLU; docs/models.md lists every operation"
)


def cure_for(node: Node) -> str:
    """The help line for an operation that is not supported, in place or not."""
    return CURES.get(node.op.rstrip("_")) or HIGHER_ORDER.get(node.target) or ANYTHING_ELSE
