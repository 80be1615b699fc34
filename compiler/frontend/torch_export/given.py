"""What the user says about a model beside its file: an input shape, a module, which output."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from snnc.choices import not_together
from snnc.errors import UserError, fail
from snnc.frontend.operations.expression import MOST_ELEMENTS
from snnc.frontend.operations.outputs import ANSWER
from snnc.ir import Shape, size

INPUT_SHAPE = "--input-shape"
MODULE = "--module"


@dataclass(frozen=True)
class Given:
    """What comes with a model file on the command line.

    Attributes:
        input_shape: of one frame without the batch axis, as :func:`parse_shape` takes it.
        module: ``package.module:factory``, what builds the network of a state dict.
        answer: name or position of the output that is compiled.
        data_shape: gives the shape of a frame of the calibration data; None where there are none.
        dropout: keep it in the graph, for training.
    """

    input_shape: str | None = None
    module: str | None = None
    data_shape: Callable[[], Shape] | None = None
    answer: str | None = None
    dropout: bool = False

    def of_archive(self) -> Given:
        """What is still to be said when the network has become an archive."""
        return Given(answer=self.answer, dropout=self.dropout)

    def refuse(self, path: Path, *options: str) -> None:
        """Make sure that none of the options is there: the file says itself what they would say.

        Raises:
            UserError: D121.
        """
        given = {INPUT_SHAPE: self.input_shape, MODULE: self.module}
        for option in options:
            if given[option] is not None:
                raise fail(
                    "D121",
                    f"{option} is given, but the file already contains it",
                    where=str(path),
                    help="leave the option out",
                )

    def refuse_answer(self, path: Path) -> None:
        """Make sure that no output is named, for files whose outputs cannot be chosen.

        Raises:
            UserError: D327.
        """
        if self.answer is not None:
            raise not_together(
                f"{ANSWER} is for networks of PyTorch, whose outputs it chooses from",
                where=str(path),
                help="leave it out",
            )

    def shape(self, path: Path) -> Shape:
        """The shape of one frame: the option's, or the calibration data's.

        Raises:
            UserError: D122 neither is there, or the option is no shape.
        """
        if self.input_shape is not None:
            return parse_shape(self.input_shape)
        if self.data_shape is not None:
            return self.data_shape()
        raise fail(
            "D122",
            "the shape of the input is not known",
            where=str(path),
            why="a file of layers or weights does not hold it",
            help="give it without the batch axis, e.g. --input-shape 2,16,16, or calibration data",
        )


def parse_shape(text: str) -> Shape:
    """``2,16,16`` as a shape.

    Raises:
        UserError: D122 something other than positive whole numbers, or too many elements.
    """
    try:
        shape = tuple(int(part) for part in text.split(","))
    except ValueError:
        raise _no_shape(text) from None
    if min(shape) < 1 or size(shape) > MOST_ELEMENTS:
        raise _no_shape(text)
    return shape


def _no_shape(text: str) -> UserError:
    return fail(
        "D122",
        f"{text!r} is not the shape of a frame",
        where=INPUT_SHAPE,
        help="write positive whole numbers with commas between, e.g. 2,16,16: channels, height, width",
    )
