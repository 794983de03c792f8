"""The reference of the analysis functions."""

from __future__ import annotations

import ast
import inspect
import re
import sys

from pages.markdown import markdown_table


def analysis_page() -> str:
    """Every function of `sc_neurocore.analysis`: what it says, its unit, the library behind it."""
    from sc_neurocore import analysis

    modules: dict[str, list[list[str]]] = {}
    for name in sorted(analysis.__all__):
        function = getattr(analysis, name)
        if not inspect.isfunction(function):
            continue
        first, _, rest = inspect.cleandoc(function.__doc__ or "").partition("\n")
        found = re.search(r"^Returns:\n((?: {4}.*\n?|\n)+)", rest, re.MULTILINE)
        said = " ".join(found[1].split()) if found else "–"
        arguments = ", ".join(inspect.signature(function).parameters)
        libraries = ", ".join(sorted(_libraries(function.__module__, name))) or "NumPy"
        cells = [f"`{name}({arguments})`", first.rstrip("."), said, libraries]
        modules.setdefault(function.__module__.removeprefix("sc_neurocore."), []).append(
            [re.sub(r"`+", "`", cell).replace("|", "\\|") for cell in cells]
        )
    parts = [
        "# Analysis",
        "",
        "Binary trains are 0 or 1 per time step, `dt` is in seconds, what ends in `_ms` in",
        "milliseconds, a bin in steps; undefined values are NaN. The library is what computes the",
        "result; NumPy means that the formula is ours, from the source that the",
        "[docstring](api/analysis.md) names. This page is generated.",
    ]
    for module, rows in sorted(modules.items()):
        head = ["Function", "What", "Returns", "Library"]
        parts += ["", f"## `{module}`", "", *markdown_table(head, rows)]
    return "\n".join(parts) + "\n"


def _libraries(module: str, function: str) -> set[str]:
    """The libraries that a function loads, itself or through others of the room."""
    names = {"elephant": "Elephant", "pyspike": "PySpike", "sklearn": "scikit-learn",
             "scipy": "SciPy"}  # fmt: skip
    found: set[str] = set()
    seen, todo = set(), [(module, function)]
    while todo:
        at, name = todo.pop()
        seen.add((at, name))
        tree = ast.parse(inspect.getsource(sys.modules[at])).body
        here = {n.name: n for n in tree if isinstance(n, ast.FunctionDef)}
        body = ast.unparse(here[name])
        found |= {names[p] for p in names if re.search(rf"library\(['\"]{p}|from {p}\b", body)}
        known = {(at, n) for n in here} | {
            (node.module or "", alias.name)
            for node in tree if isinstance(node, ast.ImportFrom) for alias in node.names
            if (node.module or "").startswith("sc_neurocore.analysis.")
        }  # fmt: skip
        todo += [x for x in known - seen if re.search(rf"\b{x[1]}\(", body) and x[1] != "library"]
    return found
