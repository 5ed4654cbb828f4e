"""Rules for a `match` that does not say what to do about every value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from knowledgegraph.rust_syntax import Node
from tutor.fix.rules.base import Case, Fix, rule
from tutor.fix.rules.shapes_scope import (
    Variable,
    arguments_of,
    function_around,
    line_end,
    names_in,
    result_type,
    variables,
    wrapper,
)

_QUOTED: Final = re.compile(r"`([^`]+)`")
_PRINTS: Final = re.compile(r"(?P<macro>e?print(?:ln)?)\s*!\s*[(\[{]")
_ONE_FIELD: Final = re.compile(r"^(?P<path>(?:\w+::)*\w+)\(_\)$")
_NUMBER_TYPE: Final = re.compile(r"(?<=\d)_(?:[iu](?:8|16|32|64|128|size)|f(?:32|64))\b")
_EMPTY: Final = ("{}", "()")
_MOST_PATTERNS: Final = 8

_CASES: Final[Sequence[Callable[[str], str]]] = (
    lambda name: name,
    str.lower,
    str.upper,
    lambda name: "_".join(_words(name)).lower(),
    lambda name: "-".join(_words(name)).lower(),
    lambda name: " ".join(_words(name)).lower(),
    lambda name: " ".join(_words(name)),
    lambda name: name[:1],
    lambda name: name[:1].lower(),
)


def _words(name: str) -> list[str]:
    return re.findall(r"[A-Z]+(?![a-z])|[A-Z][a-z0-9]*|[a-z0-9]+", name)


@dataclass(frozen=True)
class _Arm:
    """An arm that is there: its pattern, the names that it binds and what it does."""

    node: Node
    pattern: str
    names: tuple[str, ...]
    body: str
    guarded: bool

    @property
    def bare(self) -> str:
        """The body without braces around a single expression."""
        inner = re.fullmatch(r"\{\s*([^{};]+?);?\s*\}", self.body)
        return inner.group(1) if inner else self.body


@dataclass(frozen=True)
class _Match:
    """A `match` that lacks arms."""

    case: Case
    node: Node
    value: Node
    arms: tuple[_Arm, ...]

    @property
    def bodies(self) -> list[str]:
        return [arm.bare for arm in self.arms]

    @property
    def function(self) -> Node | None:
        return function_around(self.case, self.node)

    @property
    def returns(self) -> str:
        """What the function around returns."""
        return result_type(self.case, self.function)

    @property
    def is_result(self) -> bool:
        """Whether the match is what the function returns: the last expression of its body."""
        function, node = self.function, self.node
        body = function.child_by_field_name("body") if function is not None else None
        while body is not None and node.parent is not None and node != body:
            parent = node.parent
            last = parent.named_children[-1] if parent.named_children else None
            if parent.type == "return_expression":
                return True
            if (parent.type == "block" and last != node) or parent.type not in ("block", "expression_statement"):
                return False
            node = parent
        return body is not None and node == body


@rule("E0004")
def missing_arms(case: Case) -> Iterator[Fix]:
    """A `match` has to say what happens for every value. The compiler names the patterns that no arm takes; what
    their arms should do is said by the arms that are there and by what the function returns. Where neither says it,
    only the author knows."""
    found = _match(case)
    if found is None:
        return
    patterns = [_as_written(found, pattern) for pattern in _missing(case)]
    if not patterns or len(patterns) > _MOST_PATTERNS:
        return
    seen = set()
    for bodies, words, likelihood in _answers(found, patterns):
        if bodies in seen or len(bodies) != len(patterns):
            continue
        seen.add(bodies)
        named = ", ".join(f"`{pattern}`" for pattern, _ in bodies)
        edit = _insertion(found, [f"{pattern} => {body}" for pattern, body in bodies])
        yield Fix((case.insert(*edit),), f"add the missing arm for {named}: {words}", likelihood)


def _match(case: Case) -> _Match | None:
    node = case.above(case.node, "match_expression")
    if node is None:
        return None
    value, block = node.child_by_field_name("value"), node.child_by_field_name("body")
    if value is None or block is None or not value.start_byte <= case.place.start < value.end_byte:
        return None
    arms = []
    for arm in block.named_children:
        pattern, body = arm.child_by_field_name("pattern"), arm.child_by_field_name("value")
        if arm.type == "match_arm" and pattern is not None and body is not None:
            guard = pattern.child_by_field_name("condition")
            text = case.source[pattern.start_byte : guard.start_byte if guard else pattern.end_byte].decode()
            text = re.sub(r"\s+if\s*$", "", text) if guard else text
            names = tuple(dict.fromkeys(_binders(case, pattern, guard)))
            arms.append(_Arm(arm, text.strip(), names, case.text(body), guard is not None))
    return _Match(case, node, value, tuple(arms)) if arms else None


def _binders(case: Case, pattern: Node, guard: Node | None) -> Iterator[str]:
    for part in pattern.named_children:
        if part != guard:
            yield from (name for name in names_in(case, part) if name[:1].islower() or name[:1] == "_")


def _missing(case: Case) -> list[str]:
    """The patterns that no arm takes; none where the compiler does not name them all."""
    label = next((span.label for span, _ in case.labelled(r"not covered")), "")
    if re.search(r"and \d+ more", label):
        # Of an enum the note below marks every variant that is left out.
        marked = [
            case.text(span)
            for part in case.diagnostic.children
            for span in part.spans
            if span.label == "not covered" and span.file == case.file and span.end <= len(case.source)
        ]
        first = _QUOTED.search(label)
        path = re.match(r"(?:\w+::)+", first.group(1)) if first else None
        if path is None or not all(re.match(r"\w+", text) for text in marked):
            return []
        return [path.group() + _shape(text) for text in marked]
    return [_NUMBER_TYPE.sub("", pattern) for pattern in _QUOTED.findall(label)]


def _shape(variant: str) -> str:
    """The pattern of a variant from what is marked in its definition, mostly its name."""
    return re.split(r"[^\w]", variant, maxsplit=1)[0]


def _as_written(found: _Match, pattern: str) -> str:
    """The pattern with the path that the other arms use: `Teacher` where they say `Student` for `Role::Student`."""
    if pattern.startswith("&") and not any(arm.pattern.startswith("&") for arm in found.arms):
        pattern = pattern[1:]  # the arms look through the reference, and so may this one
    named = re.match(r"(?P<path>(?:\w+::)+)(?P<name>\w+)(?P<rest>.*)$", pattern, re.DOTALL)
    if named is None:
        return pattern
    owner = named["path"].split("::")[-2]
    for arm in found.arms:
        other = re.match(r"&?\s*(?P<path>(?:\w+::)*)(?P<name>[A-Z]\w*)", arm.pattern)
        if other is None:
            continue
        if other["path"].split("::")[-2:-1] == [owner] or other["path"] == "Self::":
            return other["path"] + named["name"] + named["rest"]
        if not other["path"] and other["name"] not in ("Some", "None", "Ok", "Err"):
            return named["name"] + named["rest"]
    return pattern


_Answer = tuple[tuple[tuple[str, str], ...], str, float]


def _answers(found: _Match, patterns: Sequence[str]) -> Iterator[_Answer]:
    """Patterns with their bodies, all of one idea, with what the idea is and how likely it is meant."""
    yield from _like_the_others(found, patterns)
    if all(body in _EMPTY for body in (arm.body for arm in found.arms)):
        yield tuple((pattern, found.arms[-1].body) for pattern in patterns), "like the others it does nothing", 0.75
    if len(patterns) == 1:
        yield from _passed_on(found, patterns[0])
    yield from _the_rest(found, patterns)
    if len(patterns) == 1:
        yield from _printed(found, patterns[0])
        yield from _given_up(found, patterns[0])


def _like_the_others(found: _Match, patterns: Sequence[str]) -> Iterator[_Answer]:
    """All arms do the same with what they bind, or say their variant's name: the missing ones do so as well."""
    arms = [arm for arm in found.arms if not arm.guarded]
    for number, spelt in enumerate(_CASES):
        shapes = {_template(arm, spelt) for arm in arms}
        if len(shapes) != 1:
            continue
        (shape,) = shapes
        if shape is None or "\0" not in shape or (number and "\0V" not in shape):
            continue
        if len(arms) == 1 and "\0V" not in shape:
            continue
        if number and max(map(_length, patterns)) > max(_length(arm.pattern) for arm in arms):
            continue  # the others are single words and do not show how several are joined
        bodies = [_filled(pattern, shape, arms[0], spelt) for pattern in patterns]
        if all(bodies):
            yield tuple(body for body in bodies if body), "it does what the others do", 0.75
            return


def _variant(pattern: str) -> str:
    named = re.match(r"&?\s*(?:\w+::)*(\w+)", pattern)
    return named.group(1) if named else ""


def _length(pattern: str) -> int:
    """How many words a pattern's variant consists of."""
    return len(_words(_variant(pattern)))


def _template(arm: _Arm, spelt: Callable[[str], str]) -> str | None:
    """An arm's body with what is its own left out: the names that it binds, its variant's name as a word."""
    body = arm.bare
    if "|" in arm.pattern or not _variant(arm.pattern):
        return None
    for number, name in enumerate(arm.names):
        body = re.sub(rf"(?<![\w\"]){re.escape(name)}\b(?![\"(!])", f"\0{number}", body)
    said = re.escape(spelt(_variant(arm.pattern)))
    letter = "[A-Za-z0-9]"  # "_" joins words, so that `red` is a word of `num_red`
    apart = f"(?<!{letter}){said}(?!{letter})" if len(said) > 1 else f'(?<="){said}(?=")'
    return re.sub(apart, "\0V", body)


def _filled(pattern: str, shape: str, like: _Arm, spelt: Callable[[str], str]) -> tuple[str, str] | None:
    """The pattern with names for what it holds, and the template filled for it."""
    holes = len(set(re.findall("\0(\\d)", shape)))
    names = like.names[:holes]
    bound = pattern
    if holes:
        one = _ONE_FIELD.match(pattern)
        many = re.match(r"^((?:\w+::)*\w+)\((_(?:, _)*)\)$", pattern)
        if one is not None and holes == 1:
            bound = f"{one['path']}({names[0]})"
        elif many is not None and many.group(2).count("_") == len(like.names):
            bound = f"{many.group(1)}({', '.join(like.names)})"
        else:
            return None
    body = shape.replace("\0V", spelt(_variant(pattern)))
    for number, name in enumerate(like.names):
        body = body.replace(f"\0{number}", name)
    return bound, body


def _passed_on(found: _Match, pattern: str) -> Iterator[_Answer]:
    """No value stays no value, and an error goes on to the caller."""
    outer = wrapper(found.returns)
    here = [body for body in found.bodies if re.match(r"(?:Some|Ok)\s*\(", body)]
    if pattern == "None":
        if here or (found.is_result and outer == "Option"):
            yield (("None", "None"),), "no value stays no value", 0.8
        elif outer == "Option":
            yield (("None", "return None"),), "without a value the function returns `None`", 0.75
    elif pattern == "Err(_)":
        if here or (found.is_result and outer == "Result"):
            yield (("Err(e)", "Err(e)"),), "the error goes on to the caller", 0.8
            yield (("Err(e)", "Err(e.into())"),), "the error goes on to the caller, in its type", 0.6
        elif outer == "Result":
            yield (("Err(e)", "return Err(e)"),), "the error goes to the caller", 0.75
            yield (("Err(e)", "return Err(e.into())"),), "the error goes to the caller, in its type", 0.6


def _the_rest(found: _Match, patterns: Sequence[str]) -> Iterator[_Answer]:
    """Some values give `None`; then the others give themselves."""
    function = found.function
    if not found.is_result or function is None or found.value.type != "identifier":
        return
    name = found.case.text(found.value)
    outer, inner = wrapper(found.returns), arguments_of(found.returns)
    held = next((v for v in variables(found.case, found.node) if v.name == name), Variable("", ""))
    for made, dead in (("Some", "None"), ("Ok", "Err(")):
        if outer != {"Some": "Option", "Ok": "Result"}[made] or not held.type:
            continue
        if not all(body.startswith(dead) for body in found.bodies) or inner.split(",")[0].strip() != held.type:
            continue
        joined = " | ".join(patterns)
        answer = ((joined, f"{made}({name})"),)
        if len(patterns) == 1:
            yield answer, f"every other `{name}` is kept", 0.7
        else:
            yield tuple((pattern, f"{made}({name})") for pattern in patterns), f"every other `{name}` is kept", 0.7


def _printed(found: _Match, pattern: str) -> Iterator[_Answer]:
    """All arms print, and so does the one for an error. What to print about anything else only the author knows."""
    prints = [_PRINTS.match(body) for body in found.bodies]
    if pattern == "Err(_)" and all(prints) and prints[-1] is not None:
        for hole, likelihood in (("{}", 0.6), ("{:?}", 0.55)):
            yield (("Err(e)", f'{prints[-1]["macro"]}!("Error: {hole}", e)'),), "it prints the error", likelihood


def _given_up(found: _Match, pattern: str) -> Iterator[_Answer]:
    """Nothing to go on with, and no caller to tell: the next turn of the loop, or the end of the function."""
    case = found.case
    loop = case.above(found.node, "loop_expression", "while_expression", "for_expression", "function_item")
    looped = loop is not None and loop.type != "function_item"
    unit = found.returns == "()"
    away = "continue" if looped else "return" if unit else ""
    statement = found.node.parent is not None and found.node.parent.type in ("expression_statement", "block")
    if pattern == "None":
        if statement and len(found.arms) == 1 and unit and "!(" not in found.arms[0].body:
            yield (("None", "{}"),), "without a value there is nothing to do", 0.5
        elif away and not statement:
            yield (("None", away),), f"without a value it goes on with `{away}`", 0.45
    elif pattern == "Err(_)":
        if statement and unit:
            yield (("Err(e)", 'eprintln!("{e}")'),), "it tells of the error", 0.5
        elif away and not statement:
            tell = _block(found, ['eprintln!("{e}");', f"{away};"])
            yield (("Err(e)", tell),), f"it tells of the error and goes on with `{away}`", 0.45


def _block(found: _Match, lines: Sequence[str]) -> str:
    inner, end = found.case.indentation(found.arms[-1].node.start_byte), line_end(found.case.syntax)
    return "{" + "".join(f"{end}{inner}    {line}" for line in lines) + f"{end}{inner}}}"


def _insertion(found: _Match, arms: Sequence[str]) -> tuple[int, str]:
    """Where new arms go, and their text: behind the last arm, in its style."""
    case, last = found.case, found.arms[-1].node
    text = case.text(last)
    comma = "" if text.rstrip().endswith((",", "}")) else ","
    block = found.node.child_by_field_name("body")
    one_line = block is not None and block.start_point.row == block.end_point.row
    ended = [arm if arm.endswith("}") else f"{arm}," for arm in arms]
    if one_line:
        return last.end_byte, comma + "".join(f" {arm}" for arm in ended).rstrip(",")
    before = line_end(case.syntax) + case.indentation(last.start_byte)
    return last.end_byte, comma + "".join(before + arm for arm in ended)
