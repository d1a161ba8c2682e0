"""What an application can let be heard, by its source: ``offhook test`` tells what is never heard."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from offhook._request import Message


def of(file: str) -> Message:
    """What there is to be heard in a file.

    ``prompts`` are the calls that play something, by their lines and in words; ``texts`` are groups of
    sentences that stand in one display (a list, a dictionary), by their lines; ``keys`` are the strings of
    digits that a caller could press.
    """
    with open(file, "rb") as source:
        nodes = list(ast.walk(ast.parse(source.read(), file)))
    calls = [node for node in nodes if isinstance(node, ast.Call) and _plays(node.func)]
    displays = [_sentences(node) for node in nodes]
    strings = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {
        "prompts": sorted([call.lineno, call.end_lineno or call.lineno, _in_words(call)] for call in calls),
        "texts": sorted(sentences for sentences in displays if len(sentences) > 1),
        "keys": sorted(each for each in strings if re.fullmatch("[0-9*#A-D]{2,16}", each)),
    }


def _sentences(node: ast.AST) -> list[list[int | str]]:
    of = node.values if isinstance(node, ast.Dict) else getattr(node, "elts", [])
    constants = [(each.lineno, each.value) for each in of if isinstance(each, ast.Constant)]
    return [[line, value] for line, value in constants if isinstance(value, str) and " " in value]


def _plays(function: ast.expr) -> bool:
    """Whether a call plays something, or makes something that is to be played."""
    if isinstance(function, ast.Name):
        return function.id == "PlayableMedia"
    if not isinstance(function, ast.Attribute):
        return False
    if function.attr in {"say", "start_say", "PlayableMedia", "text_to_say", "file_to_play"}:
        return True
    of = function.value
    name = of.attr if isinstance(of, ast.Attribute) else of.id if isinstance(of, ast.Name) else ""
    return function.attr in {"play", "start"} and "player" in name.lower()


def _in_words(node: ast.Call) -> str:
    name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
    first = [*node.args, *(each.value for each in node.keywords)][:1]
    words = f"{name}({', '.join(ast.unparse(each) for each in first)})"
    return words if len(words) <= _LONGEST_WORDS else words[: _LONGEST_WORDS - 1] + "…"


_LONGEST_WORDS = 80
