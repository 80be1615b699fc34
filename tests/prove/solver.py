"""Whether expressions are equal under hypotheses: Z3 on bit vectors of 64 bits, with some help.

Two implementations are two large expressions, and to ask for their equality at once takes Z3 minutes.
So their parts are compared first, the smallest ones first: parts that have the same values on all
samples are shown equal, and then are one part in what is asked next (as circuits are compared, by "SAT
sweeping"). In each question, what both sides share is an unknown within its bounds; where that is too
weak the question is asked again with its whole meaning.

Products and quotients of two unknowns are unknowns of which only simple facts are stated: two
implementations that multiply the same numbers have the same product, whatever it is. So an answer
"different" can be wrong; whoever asks must compute with the state that it names (``replay``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import z3

from .evaluation import Assignment, evaluate, in_order, substituted
from .expressions import (
    FALSE,
    TRUE,
    Node,
    both,
    bounded,
    const,
    equal,
    invert,
    less,
    neg,
    rebuilt,
    variable,
)

BITS = 64
WORD = 2**31 - 1
TACTICS = ("simplify", "propagate-values", "solve-eqs", "elim-uncnstr", "simplify", "bit-blast", "sat")
"""Bit vectors to a circuit, and that to a SAT solver: z3 5.4's own choice for them takes minutes."""
z3.set_param("memory_max_size", 4096)  # MiB
QUICK, LONG = 1_000, 60_000
"""Milliseconds that a question about parts, and one about results, may take."""


@dataclass
class Translation:
    """Expressions as Z3's terms; those in ``cut`` are unknowns."""

    cut: frozenset[int] = frozenset()
    exact: bool = False
    terms: dict[int, Any] = field(default_factory=dict)
    facts: list[Any] = field(default_factory=list)

    def term(self, root: Node) -> Any:
        """The term of an expression."""
        for node in _below(root, self.cut):
            if node.number not in self.terms:
                self.terms[node.number] = self._made(node)
        return self.terms[root.number]

    def _unknown(self, node: Node) -> Any:
        if node.truth:
            return z3.Bool(f"n{node.number}")
        name = node.args[0] if node.op == "var" else f"n{node.number}"
        found = z3.BitVec(name, BITS)
        self.facts += [found >= node.low, found <= node.high]
        return found

    def _made(self, node: Node) -> Any:
        if (node.number in self.cut and node.value is None) or node.op == "var":
            return self._unknown(node)
        if node.op == "const":
            return z3.BoolVal(bool(node.value)) if node.truth else z3.BitVecVal(node.args[0], BITS)
        args = [self.terms[a.number] if isinstance(a, Node) else a for a in node.args]
        if node.op in ("product", "div", "mod"):
            return self._nonlinear(node, args)
        if node.op == "bounded":
            self.facts += [args[0] >= args[1], args[0] <= args[2]]
            return args[0]
        return _PLAIN[node.op](*args)

    def _nonlinear(self, node: Node, args: list[Any]) -> Any:
        a, b = args
        if self.exact:
            if node.op == "product":
                return a * b
            # Rounded down: z3's own division of signed numbers rounds towards 0.
            return (a - z3.If(a % b < 0, a % b + b, a % b)) / b if node.op == "div" else a % b
        found = self._unknown(node)
        if node.op == "product":
            self.facts += [z3.Implies(z3.Or(a == 0, b == 0), found == 0)]
            for x, y in ((a, node.args[1]), (b, node.args[0])):
                self.facts.append(found <= x * y.high)
        elif node.op == "div":
            self.facts += [
                z3.Implies(a < 0, found < 0),
                z3.Implies(a >= 0, z3.And(found >= 0, found <= a)),
                z3.Implies(z3.And(a >= 0, a < b), found == 0),
                z3.Implies(z3.And(a >= b), found >= 1),
            ]
        else:
            self.facts += [found < b, z3.Implies(z3.And(a >= 0, a < b), found == a)]
        return found


def _shown(bits: int, a: Any) -> Any:
    return z3.SignExt(BITS - bits, z3.Extract(bits - 1, 0, a))


_PLAIN: dict[str, Any] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "abs": lambda a: z3.If(a < 0, -a, a),
    "mul": lambda a, b: a * b,
    "shl": lambda a, b: a << b,
    "shr": lambda a, b: a >> b,
    "low": lambda a, bits: z3.ZeroExt(BITS - bits, z3.Extract(bits - 1, 0, a)),
    "wrap": lambda a, bits: _shown(bits, a),
    "less": lambda a, b: a < b,
    "equal": lambda a, b: a == b,
    "not": z3.Not,
    "and": z3.And,
    "xor": z3.Xor,
    "ite": z3.If,
}


def _below(root: Node, cut: frozenset[int]) -> list[Node]:
    """Parts first, down to what is cut."""
    order: dict[int, Node] = {}
    stack = [(root, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            order[node.number] = node
        elif node.number not in order:
            stack.append((node, True))
            if node.number not in cut:
                stack += [(p, False) for p in node.parts if p.number not in order]
    return list(order.values())


@dataclass
class Answer:
    """``proved``; else a state where it may not hold, or None where the solver gave up."""

    proved: bool
    state: dict[str, int] | None = None


def ask(
    goal: Node,
    hypotheses: Sequence[Node],
    *,
    cut: frozenset[int] = frozenset(),
    exact: bool = False,
    limit: int = LONG,
    unknowns: Iterable[Node] = (),
) -> Answer:
    """Whether ``goal`` holds wherever all hypotheses do.

    Args:
        goal, hypotheses: truth values.
        cut: numbers of expressions to be taken as unknown.
        exact: multiply and divide unknowns.
        limit: milliseconds.
        unknowns: whose values a counterexample should state.
    """
    if goal is TRUE:
        return Answer(True)
    made = Translation(cut, exact)
    solver = z3.Then(*TACTICS).solver()
    solver.set("timeout", limit)
    for hypothesis in hypotheses:
        solver.add(made.term(hypothesis))
    solver.add(z3.Not(made.term(goal)))
    terms = {str(n.args[0]): made.term(n) for n in unknowns}
    solver.add(*made.facts)
    try:
        found = solver.check()
    except z3.Z3Exception:  # out of the memory that it may have
        return Answer(False)
    if found == z3.unsat:
        return Answer(True)
    if found != z3.sat:
        return Answer(False)
    model = solver.model()
    values = {name: model.eval(term, model_completion=True) for name, term in terms.items()}
    return Answer(False, {name: value.as_signed_long() for name, value in values.items()})


def feasible(hypotheses: Sequence[Node], limit: int = QUICK) -> bool:
    """Whether all can hold together; where the solver does not know, they can."""
    return not ask(FALSE, hypotheses, limit=limit).proved


class Sweep:
    """Makes expressions simpler, wherever hypotheses allow it; what was found once is kept.

    Every expression is compared with the values that it has on samples. One that never exceeds 32 bits
    there, a truth that is always the same, or one that equals another, is shown to be so and replaced.
    """

    def __init__(self, hypotheses: Sequence[Node], samples: Sequence[Assignment]) -> None:
        self.given = self.hypotheses = list(hypotheses)
        self.known = [(s, dict[int, int]()) for s in samples]
        self.simple: dict[int, Node] = {}
        self.alike: dict[tuple[int, ...], list[Node]] = {}

    def learn(self, alike: Sequence[Node], most: Node) -> bool:
        """Whether all are equal and within ``+-most``; then one unknown within stands for them."""
        a, *others = alike
        inside = both(invert(less(a, neg(most))), invert(less(most, a)))
        goals = [inside, *(equal(a, other) for other in others)]
        if not all(ask(goal, self.hypotheses).proved for goal in goals):
            return False
        any_such = variable(f"common {a.number}", max(a.low, -most.high), min(a.high, most.high))
        numbers = {each.number: any_such for each in alike}
        self.hypotheses = [substituted(h, numbers) for h in (*self.hypotheses, inside)]
        self.known = [
            ({**sample, any_such.args[0]: evaluate(a, sample, known)}, known)
            for sample, known in self.known
        ]
        self.simple.update(numbers)
        return True

    def values(self, node: Node) -> tuple[int, ...]:
        """What an expression is on each sample."""
        return tuple(evaluate(node, sample, known) for sample, known in self.known)

    def simplify(self, root: Node) -> Node:
        """The same, in fewer parts, under the hypotheses."""
        for node in in_order([root]):
            if node.number not in self.simple:
                args = (self.simple[a.number] if isinstance(a, Node) else a for a in node.args)
                made = rebuilt(node, tuple(args))
                if made.number not in self.simple:
                    self.simple[made.number] = self._simpler(made)
                self.simple[node.number] = self.simple[made.number]
        return self.simple[root.number]

    def _simpler(self, node: Node) -> Node:
        if node.op == "const" or not self.known:
            return node
        values = self.values(node)
        if node.op == "var":
            self.alike.setdefault(values, []).insert(0, node)
            return node
        if node.truth:
            return self._settled(node, values)
        others = self.alike.setdefault(values, [])
        for other in others[:3]:
            if self._same(node, other):
                return other
        if min(values) >= -WORD and max(values) <= WORD and (node.low < -WORD or node.high > WORD):
            inside = both(invert(less(node, const(-WORD))), invert(less(const(WORD), node)))
            if ask(inside, self.hypotheses, limit=QUICK).proved:
                node = bounded(node, max(node.low, -WORD), min(node.high, WORD))
        others.append(node)
        return node

    def _settled(self, node: Node, values: tuple[int, ...]) -> Node:
        """A truth that is always the same."""
        if len(set(values)) != 1 or (node.op in ("equal", "not") and node.parts[0].op == "mod"):
            return node
        always = node if values[0] else invert(node)
        return (TRUE if values[0] else FALSE) if self._shown(always) else node

    def _shown(self, goal: Node) -> bool:
        return ask(goal, self.hypotheses, limit=QUICK).proved

    def _same(self, a: Node, b: Node) -> bool:
        goal = equal(a, b)
        shared = {n.number for n in in_order([a])} & {n.number for n in in_order([b])}
        return ask(goal, [], cut=frozenset(shared), limit=QUICK).proved or self._shown(goal)


def prove(
    pairs: Sequence[tuple[Node, Node]],
    conditions: Sequence[Node],
    taken: Sequence[Node],
    sweep: Sweep,
    unknowns: Sequence[Node],
) -> Answer:
    """Whether both of every pair are equal, and all conditions hold, on a way that was ``taken``."""
    goals = [equal(a, b) for a, b in pairs] + list(conditions)
    context = [*sweep.hypotheses, *taken]
    for sample, known in sweep.known:
        here = all(evaluate(t, sample, known) for t in taken)
        if here and not all(evaluate(goal, sample, known) for goal in goals):
            return Answer(False, {str(n.args[0]): sample[n.args[0]] for n in unknowns})
    known_here = _known(taken)
    for goal in goals:
        simple = substituted(sweep.simplify(substituted(goal, known_here)), known_here)
        answer = ask(simple, context, unknowns=unknowns)
        if answer.state is not None and not _really(goal, [*sweep.given, *taken], answer.state):
            answer = ask(goal, [*sweep.given, *taken], exact=True, unknowns=unknowns)
        if not answer.proved:
            return answer
    return Answer(True)


def _known(taken: Sequence[Node]) -> dict[int, Node]:
    """Unknowns that have one value on a way, and truths."""
    found = {}
    for condition in taken:
        found[condition.number], found[invert(condition).number] = TRUE, FALSE
        if condition.op == "equal":
            for one, other in (condition.args, condition.args[::-1]):
                if one.op == "var" and other.value is not None:
                    found[one.number] = other
    return found


def _really(goal: Node, context: Sequence[Node], state: Assignment) -> bool:
    """Whether a state keeps to the context and not to the goal, products and quotients computed."""
    known: dict[int, int] = {}
    return all(evaluate(c, state, known) for c in context) and not evaluate(goal, state, known)
