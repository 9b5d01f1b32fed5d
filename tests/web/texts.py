"""Finds the Japanese texts that pages show: literals in templates and in the modules whose words reach a screen."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import portal
import templates

TEMPLATES = Path(templates.__file__).parent
PORTAL = Path(portal.__file__).parent
JAPANESE = re.compile("[ぁ-んァ-ヶ一-龥々、]")
_LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"|\'((?:[^\'\\]|\\.)*)\'')
_CODE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.S)
_COMMENT = re.compile(r"\{#.*?#\}", re.S)
MODULES = ("web/errors.py", "public", "resident", "staff", "identity", "commission", "review")
NOT_ON_PAGES = (
    "identity/commands.py",
    "identity/config.py",
    "identity/card/anchors.py",
    "identity/models.py",
    "identity/staff.py",
)
"""Modules whose words go to the terminal of an administrator."""


def of_templates() -> dict[str, str]:
    """Text to the template it first stands in."""
    found: dict[str, str] = {}
    for path in sorted(TEMPLATES.rglob("*.jinja2")):
        source = _COMMENT.sub("", path.read_text("utf-8"))
        for code in _CODE.findall(source):
            for double, single in _LITERAL.findall(code):
                text = double or single
                if JAPANESE.search(text):
                    found.setdefault(text, str(path.relative_to(TEMPLATES)))
    return found


def loose() -> dict[str, list[str]]:
    """Template to Japanese text that stands in it outside of any expression, and so cannot be translated."""
    found = {}
    for path in sorted(TEMPLATES.rglob("*.jinja2")):
        bare = _CODE.sub("", _COMMENT.sub("", path.read_text("utf-8")))
        lines = [line.strip() for line in bare.splitlines() if JAPANESE.search(line)]
        if lines:
            found[str(path.relative_to(TEMPLATES))] = lines
    return found


def of_modules() -> dict[str, str]:
    """Text to the module it first stands in; docstrings and exceptions raised for programmers are left out."""
    found: dict[str, str] = {}
    for name in MODULES:
        path = PORTAL / name
        for file in [path] if path.is_file() else sorted(path.rglob("*.py")):
            tree = ast.parse(file.read_text("utf-8"))
            docs = {
                id(node.body[0].value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
                and node.body
                and isinstance(node.body[0], ast.Expr)
            }
            docs |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
            for node in ast.walk(tree):
                text = node.value if isinstance(node, ast.Constant) and id(node) not in docs else None
                if isinstance(text, str) and JAPANESE.search(text):
                    found.setdefault(text, str(file.relative_to(PORTAL)))
    return found
