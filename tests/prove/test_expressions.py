"""Expressions mean what they say: every rule that makes one simpler keeps its value."""

from __future__ import annotations

import operator
import random
from collections.abc import Callable

import pytest
import z3

from . import expressions as e
from .evaluation import evaluate
from .expressions import Node
from .solver import Translation

UNKNOWNS = [
    e.variable("a", -300, 300),
    e.variable("b", 0, 40),
    e.variable("c", 1, 12),
    e.variable("t", 0, 1),
]

Pair = tuple[Node, Callable[[dict[str, int]], int]]
"""An expression as the rules made it, and its meaning without them."""


def _leaf(rng: random.Random) -> Pair:
    if rng.random() < 0.4:
        value = rng.choice((-4096, -1, 0, 1, 2, 7, 128, 255, 2**31))
        return e.const(value), lambda given: value
    node = rng.choice(UNKNOWNS)
    return node, lambda given: given[node.args[0]]


def _truth(rng: random.Random, depth: int) -> Pair:
    (a, x), (b, y) = _number(rng, depth - 1), _number(rng, depth - 1)
    way = rng.randrange(5)
    if way == 0:
        return e.less(a, b), lambda g: int(x(g) < y(g))
    if way == 1:
        return e.equal(a, b), lambda g: int(x(g) == y(g))
    if way == 2:
        return e.invert(e.less(b, a)), lambda g: int(not y(g) < x(g))
    one, other = e.less(a, b), e.equal(b, a)
    if way == 3:
        return e.either(one, other), lambda g: int(x(g) <= y(g))
    return e.differ(one, other), lambda g: int((x(g) < y(g)) != (x(g) == y(g)))


def _wrapped(value: int, bits: int) -> int:
    half = 1 << (bits - 1)
    return (value + half) % (2 * half) - half


def _number(rng: random.Random, depth: int) -> Pair:
    if depth <= 0:
        return _leaf(rng)
    (a, x), (b, y) = _number(rng, depth - 1), _number(rng, depth - 1)
    way = rng.randrange(12)
    two = {0: (e.add, operator.add), 1: (e.sub, operator.sub), 2: (e.mul, operator.mul)}
    if way in two:
        rule, meaning = two[way]
        return rule(a, b), lambda g: meaning(x(g), y(g))
    if way in (3, 4):
        bits = rng.choice((3, 8, 16))
        if way == 3:
            return e.wrap(a, bits), lambda g: _wrapped(x(g), bits)
        return e.low_bits(a, bits), lambda g: x(g) % (1 << bits)
    if way == 5:
        by = e.variable("s", 0, 5)
        return e.shift_left(a, by), lambda g: x(g) << g["s"]
    if way == 6:
        by = e.variable("s", 0, 5)
        return e.shift_right(a, by), lambda g: x(g) >> g["s"]
    if way == 7:
        return e.floor_div(a, UNKNOWNS[2]), lambda g: x(g) // g["c"]
    if way == 8:
        return e.modulo(a, UNKNOWNS[2]), lambda g: x(g) % g["c"]
    if way == 9:
        return e.absolute(e.neg(a)), lambda g: abs(x(g))
    condition, holds = _truth(rng, depth - 1)
    return e.ite(condition, a, b), lambda g: x(g) if holds(g) else y(g)


def _some(rng: random.Random, unknown: Node) -> int:
    return rng.choice((unknown.low, unknown.high, rng.randint(unknown.low, unknown.high)))


@pytest.mark.parametrize("seed", range(8))
def test_rules_keep_the_value(seed: int) -> None:
    rng, looked_at = random.Random(seed), 0
    while looked_at < 300:
        try:
            node, meaning = (_number if rng.random() < 0.7 else _truth)(rng, 4)
        except e.Leaves64Bits:
            continue
        looked_at += 1
        for _ in range(8):
            given = {
                n.args[0]: rng.choice((n.low, n.high, rng.randint(n.low, n.high))) for n in UNKNOWNS
            }
            given["s"] = rng.randint(0, 5)
            value = meaning(given)
            assert evaluate(node, given, {}) == value, (node, given)
            assert node.low <= value <= node.high


@pytest.mark.parametrize("seed", range(4))
def test_z3_means_the_same(seed: int) -> None:
    """Terms with everything multiplied out, at states: the solver reasons about the expression."""
    rng, looked_at = random.Random(1000 + seed), 0
    while looked_at < 40:
        try:
            node, _ = _number(rng, 3)
        except e.Leaves64Bits:
            continue
        looked_at += 1
        given = {n.args[0]: rng.randint(n.low, n.high) for n in UNKNOWNS} | {"s": rng.randint(0, 5)}
        term = Translation(exact=True).term(node)
        at = [(z3.BitVec(name, 64), z3.BitVecVal(value, 64)) for name, value in given.items()]
        found = z3.simplify(z3.substitute(term, *at))
        assert found.as_signed_long() == evaluate(node, given, {}), node


def test_the_rule_of_rests_holds() -> None:
    """n divides x - y exactly where both leave the same rest."""
    for n in range(1, 20):
        for x in range(-40, 40):
            for y in range(-40, 40):
                assert ((x - y) % n == 0) == (x % n == y % n)


def test_facts_of_products_and_quotients_hold() -> None:
    """What is said of a product or quotient that is not looked into is true of it."""
    a, b = e.variable("a", 0, 50), e.variable("b", 1, 12)
    for node in (e.mul(a, b), e.floor_div(a, b), e.modulo(a, b)):
        made = Translation()
        term = made.term(node)
        for x in range(51):
            for y in range(1, 13):
                value = evaluate(node, {"a": x, "b": y}, {})
                at = [(z3.BitVec(n, 64), z3.BitVecVal(v, 64)) for n, v in (("a", x), ("b", y))]
                at.append((term, z3.BitVecVal(value, 64)))
                for fact in made.facts:
                    assert z3.is_true(z3.simplify(z3.substitute(fact, *at))), (node, x, y, fact)
