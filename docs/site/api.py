"""Pages of the Python interface, from the names that packages list, their signatures and docstrings."""

import ast
import importlib
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from typing import Any

from overgan.registry import Registry

PACKAGES = ["overgan"] + [
    f"overgan.{name}" for name in ("theory", "metrics", "study", "study.analysis", "models", "data", "training", "report")
]
ARGUMENT = re.compile(r"^(\*{0,2}[A-Za-z_]\w*(?:, \*{0,2}[A-Za-z_]\w*)*): (?=\S)")


def pages() -> dict[str, str]:
    """The text of a page for each package, and of one that lists them."""
    rows = [f"| [`{name}`]({name}.md) | {importlib.import_module(name).__doc__} |" for name in PACKAGES]
    head = ["# Python", "", "| package | holds |", "|---|---|", *rows, "", "```{toctree}", ":hidden:", ""]
    return {"api/index": "\n".join([*head, *PACKAGES, "```", ""])} | {f"api/{name}": page(name) for name in PACKAGES}


def page(package: str) -> str:
    """A package's page: what it is for, and all of its names."""
    module = importlib.import_module(package)
    names = [name for name in module.__all__ if not inspect.ismodule(getattr(module, name))]
    order = sorted(names, key=lambda name: (name[0].isupper() or name[0] == "_", name.lower()))
    head = [f"# {package}", module.__doc__ or "", f"```{{py:currentmodule}} {package}\n```"]
    return "\n\n".join([*head, *(entry(package, name) for name in order)]) + "\n"


def entry(package: str, name: str) -> str:
    """A heading and the description of one name; of one that another package has as well, where that is."""
    value = getattr(importlib.import_module(package), name)
    heading = f"## {name}"
    kind = "class" if inspect.isclass(value) else "function" if inspect.isroutine(value) else "data"
    at = home(name, value)
    if kind != "data" and at != package:
        return f"{heading}\n\nThe same as {{py:obj}}`{at}.{name}`."
    described = {"class": of_class, "function": of_function, "data": of_value}[kind](package, name, value)
    return f"{heading}\n\n{described}"


def of_function(package: str, name: str, value: Any, kind: str = "function") -> str:
    """A function with its signature as it stands in the source."""
    return directive(kind, f"{name}{signature(value)}", docstring(package, value))


def signature(value: Any) -> str:
    """Arguments and result of a function, as they are written: shapes are letters there, not classes."""
    try:
        function = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(value)))).body[0]
    except (OSError, TypeError):
        return ""
    if not isinstance(function, ast.FunctionDef):
        return ""
    arguments = function.args
    if arguments.args and arguments.args[0].arg in ("self", "cls"):
        arguments.args = arguments.args[1:]
    named = Named(inspect.unwrap(value).__globals__)
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if argument and argument.annotation:
            argument.annotation = named.visit(argument.annotation)
    returns = f" -> {ast.unparse(named.visit(function.returns))}" if function.returns else ""
    return f"({ast.unparse(arguments)}){returns}"


class Named(ast.NodeTransformer):
    """Writes types of overgan's with their packages, by which Sphinx finds them; it shows the last word."""

    def __init__(self, known: dict[str, Any]):
        self.known = known

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A name by itself, such as Claim; what a module calls a type for short is written out."""
        value = self.known.get(node.id)
        at = home(node.id, value) if value is not None else None
        if at:
            return ast.Name(f"{at}.{node.id}")
        return node if value is None or inspect.isclass(value) and value.__name__ == node.id else self.meant(node)

    def meant(self, node: ast.Name) -> ast.expr:
        """What the module in which a name is assigned says that it is."""
        tree = ast.parse(inspect.getsource(sys.modules[self.known["__name__"]]))
        for line in tree.body:
            if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == node.id:
                return self.visit(line.value)
            if isinstance(line, ast.ImportFrom) and node.id in [alias.name for alias in line.names]:
                module = importlib.import_module(line.module or "")
                elsewhere = module.__name__.startswith("overgan.") and "_" in module.__name__
                return Named(vars(module)).visit(ast.Name(node.id)) if elsewhere else node
        return node


def home(name: str, value: Any) -> str | None:
    """The first package that has a value by that name, where it is described; None if there is none."""
    return next((at for at in PACKAGES if getattr(importlib.import_module(at), name, None) is value), None)


def of_class(package: str, name: str, value: type) -> str:
    """A class with its fields, and the methods and properties that have a docstring."""
    given = signature(value.__init__) if "__init__" in vars(value) and "__init__" in source_names(value) else ""
    body = "\n\n".join(part for part in (docstring(package, value), "\n".join(fields(value))) if part)
    members = [
        of_property(member, wrapped) if isinstance(wrapped, property) or is_cached(wrapped) else of_method(member, wrapped)
        for member, wrapped in documented(value)
    ]
    return directive("class", name + given.partition(" ->")[0], "\n\n".join([body, *members]), colons=5)


def documented(value: type) -> Iterator[tuple[str, Any]]:
    """The members of a class, or of a class of overgan's that it inherits from, that have a docstring."""
    seen = set()
    for base in value.__mro__:
        for name, member in vars(base).items() if base.__module__.startswith("overgan") else ():
            function = getattr(member, "__func__", None) or getattr(member, "fget", None) or getattr(member, "func", member)
            written = inspect.isroutine(function) and function.__doc__ and name not in seen
            seen.add(name)
            if written and not name.startswith("_"):
                yield name, member


def is_cached(member: Any) -> bool:
    """Whether a member of a class is computed once, and then read like a field."""
    return type(member).__name__ == "cached_property"


def of_property(name: str, member: Any) -> str:
    """What a class computes and shows like a field."""
    function = getattr(member, "fget", None) or member.func
    returns = signature(function).partition(" -> ")[2]
    head = f"{name}\n:type: {returns}" if returns else name
    return directive("property", head, docstring("", function))


def of_method(name: str, member: Any) -> str:
    """A method; of a class, if it is one of those."""
    option = "\n:classmethod:" if isinstance(member, classmethod) else ""
    option = "\n:staticmethod:" if isinstance(member, staticmethod) else option
    function = getattr(member, "__func__", member)
    return directive("method", f"{name}{signature(function)}{option}", docstring("", function))


def fields(value: type) -> Iterator[str]:
    """A class's annotated fields, each with its type, default, and what the source says beside it or pydantic of it."""
    for base in reversed(value.__mro__):
        tree = source(base)
        lines = inspect.getsource(base).splitlines() if tree else []
        for node in tree.body if tree else ():
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id[0] != "_":
                yield field(value, node, comment(lines, node.lineno - 1, node.end_lineno or node.lineno))


def field(value: type, node: ast.AnnAssign, said: str) -> str:
    """One field as an item of a list."""
    name = ast.unparse(node.target)
    described = getattr(value, "model_fields", {}).get(name)
    said = (described.description if described is not None else None) or said
    default = ""
    if node.value is not None and described is None and "field(" not in ast.unparse(node.value):
        default = f" = {ast.unparse(node.value)}"
    return f"- `{name}: {ast.unparse(node.annotation)}{default}`" + (f": {said}" if said else "")


def comment(lines: list[str], first: int, end: int) -> str:
    """The comment at the end of a field's lines, with those below that go on with it."""
    found = [line.partition("  # ")[2] for line in lines[first:end] if "  # " in line]
    for line in lines[end:]:
        if not line.strip().startswith("# "):
            break
        found.append(line.strip()[2:])
    return " ".join(found)


def source(value: type) -> ast.ClassDef | None:
    """A class of overgan's as it is written."""
    if not value.__module__.startswith("overgan"):
        return None
    try:
        found = ast.parse(textwrap.dedent(inspect.getsource(value))).body[0]
    except OSError:
        return None
    return found if isinstance(found, ast.ClassDef) else None


def source_names(value: type) -> set[str]:
    """The functions that a class's source defines: a dataclass has others, too."""
    tree = source(value)
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)} if tree else set()


def of_value(package: str, name: str, value: Any) -> str:
    """A constant, a type by another name, or a registry with the names in it."""
    if isinstance(value, Registry):
        names = ", ".join(f"`{entry}`" for entry in value)
        return directive("data", name, f"By name, each {value.what}: {names}, or package.module:name.")
    shown = str(value).replace("typing.", "").replace("collections.abc.", "").replace("overgan.", "")
    shown = shown if len(shown) < 200 else shown[:200] + "…"
    return directive("data", name, f"`{shown}`")


def docstring(package: str, value: Any) -> str:
    """A docstring as Markdown: arguments as a list, names of the package and pages of the docs as links."""
    lines = (inspect.getdoc(value) or "").splitlines()
    if inspect.isclass(value) and not vars(value).get("__doc__"):
        lines = []
    if lines and lines[0].startswith(f"{getattr(value, '__name__', '')}("):
        lines = []  # what the decorator of a dataclass writes where there is none
    text = "\n".join(itemized(lines))
    text = re.sub(r"docs/(\w+)\.md", r"[\1](../\1.md)", text)
    names = set(importlib.import_module(package).__all__) if package else set()
    return re.sub(
        r"(?<![`}])`(\w+)`(?!`)",
        lambda match: f"{{py:obj}}`~{package}.{match[1]}`" if match[1] in names else match[0],
        text,
    )


def itemized(lines: list[str]) -> Iterator[str]:
    """Lines in which every `name: meaning` and what is indented below it is an item of a list."""
    within = False
    for line in lines:
        started = ARGUMENT.match(line)
        if started:
            if not within:
                yield ""
            yield f"- `{started[1]}`: {line[started.end() :]}"
            within = True
        elif within and line.strip():
            yield f"  {line.removeprefix('    ')}"
        else:
            within = False
            yield line


def directive(kind: str, head: str, body: str, colons: int = 4) -> str:
    """A description of the Python domain, whose content is Markdown."""
    fence = ":" * colons
    first, _, options = head.partition("\n")
    return "\n".join([f"{fence}{{py:{kind}}} {first}", *([options] if options else []), "", body, fence])
