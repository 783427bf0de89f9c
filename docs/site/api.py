"""Pages of the Python interface, from the names that packages list, their signatures and docstrings."""

import ast
import copy
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from overgan.registry import Registry

PACKAGES = [
    "overgan",
    *(f"overgan.{name}" for name in ("theory", "metrics", "study", "study.gan", "study.theory", "study.analysis")),
    *(f"overgan.{name}" for name in ("models", "data", "training", "report", "figures", "export")),
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
    names = [name for name in module.__all__ if not inspect.ismodule(getattr(module, name)) and name[0] != "_"]
    order = sorted(names, key=lambda name: (name[0].isupper(), name.lower()))
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
    if kind == "data":
        return f"{heading}\n\n{of_value(package, name, value)}"
    return f"{heading}\n\n{(of_class if kind == 'class' else of_function)(package, name, value)}"


def of_function(package: str, name: str, value: Any) -> str:
    """A function with its signature as it stands in the source."""
    return directive("function", f"{name}{signature(value)}", docstring(package, value))


@cache
def source(module: str) -> ast.Module:
    """A module as it is written."""
    return ast.parse(inspect.getsource(sys.modules[module]))


def definition(value: Any) -> ast.stmt | None:
    """A class or function of overgan's as it is written; None if it is written nowhere, as what a decorator makes."""
    module, found = getattr(value, "__module__", None) or "", None
    if not module.startswith("overgan"):
        return None
    body = source(module).body
    for name in value.__qualname__.split("."):
        named = [node for node in body if isinstance(node, ast.ClassDef | ast.FunctionDef) and node.name == name]
        named = [node for node in named if not any("setter" in ast.unparse(by) for by in node.decorator_list)]
        if not named:
            return None
        found = named[-1]  # the others are overloads
        body = found.body
    return found


def signature(value: Any) -> str:
    """Arguments and result of a function, as they are written: shapes are letters there, not classes."""
    value = inspect.unwrap(value)
    function = copy.deepcopy(definition(value))
    if not isinstance(function, ast.FunctionDef):
        return ""
    arguments = function.args
    if arguments.args and arguments.args[0].arg in ("self", "cls"):
        arguments.args = arguments.args[1:]
    named = Named(value.__globals__)
    for argument in [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]:
        if argument and argument.annotation:
            argument.annotation = named.visit(argument.annotation)
    returns = f" -> {ast.unparse(named.visit(function.returns))}" if function.returns else ""
    return f"({ast.unparse(arguments)}){returns}"


class Named(ast.NodeTransformer):
    """Writes types of overgan's with their packages, by which Sphinx finds them; it shows the last word."""

    def __init__(self, known: dict[str, Any]):
        self.known = known
        self.meaning: set[str] = set()  # names that are being written out: one may be in its own meaning

    def visit_Name(self, node: ast.Name) -> ast.expr:
        """A name by itself, such as Claim; what a module calls a type for short is written out."""
        value = self.known.get(node.id)
        at = home(node.id, value) if value is not None else None
        if at:
            return ast.Name(f"{at}.{node.id}")
        if value is None or node.id in self.meaning or (inspect.isclass(value) and value.__name__ == node.id):
            return node
        self.meaning.add(node.id)
        meant = self.meant(node)
        self.meaning.discard(node.id)
        return meant

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        """A type of types; what jaxtyping and Literal hold in quotes are no types."""
        node.value = self.visit(node.value)
        within = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        named = [each if isinstance(each, ast.Constant) else self.visit(each) for each in within]
        node.slice = ast.Tuple(named) if isinstance(node.slice, ast.Tuple) else named[0]
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        """A class in quotes, of which the module's end knows more than its beginning."""
        return self.visit(ast.parse(node.value, mode="eval").body) if isinstance(node.value, str) else node

    def meant(self, node: ast.Name) -> ast.expr:
        """What the module in which a name is assigned says that it is."""
        for line in source(self.known["__name__"]).body:
            if isinstance(line, ast.Assign) and ast.unparse(line.targets[0]) == node.id:
                return self.visit(copy.deepcopy(line.value))
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
    given = signature(value.__init__) if "__init__" in vars(value) else ""
    body = "\n\n".join(part for part in (docstring(package, value), "\n".join(fields(value))) if part)
    members = [
        of_property(member, wrapped)
        if isinstance(wrapped, property) or is_cached(wrapped)
        else of_method(member, wrapped)
        for member, wrapped in documented(value)
    ]
    return directive("class", name + given.partition(" ->")[0], "\n\n".join([body, *members]), colons=5)


def documented(value: type) -> Iterator[tuple[str, Any]]:
    """The members of a class, or of a class of overgan's that it inherits from, that have a docstring."""
    seen = set()
    for base in value.__mro__:
        for name, member in vars(base).items() if base.__module__.startswith("overgan") else ():
            function = (
                getattr(member, "__func__", None) or getattr(member, "fget", None) or getattr(member, "func", member)
            )
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
        tree = definition(base)
        lines = inspect.getsource(sys.modules[base.__module__]).splitlines() if tree else []
        for node in tree.body if isinstance(tree, ast.ClassDef) else ():
            if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id[0] != "_":
                yield field(value, node, comment(lines, node.lineno - 1, node.end_lineno or node.lineno))


def field(value: type, node: ast.AnnAssign, said: str) -> str:
    """One field as an item of a list."""
    name = ast.unparse(node.target)
    described = getattr(value, "model_fields", {}).get(name)
    default = ""
    if described is not None:
        said = described.description or said
        default = "" if described.is_required() or described.default_factory else f" = {described.default!r}"
    elif node.value is not None and "field(" not in ast.unparse(node.value):
        default = f" = {ast.unparse(node.value)}"
    return f"- `{name}: {ast.unparse(node.annotation)}{default}`" + (f": {linked(said)}" if said else "")


def linked(text: str) -> str:
    """A text in which pages of the docs are links."""
    return re.sub(r"docs/(\w+)\.md(#[\w-]+)?", r"[\1](../\1.md\2)", text)


def comment(lines: list[str], first: int, end: int) -> str:
    """The comment at the end of a field's lines, with those below that go on with it."""
    found = [line.partition("  # ")[2] for line in lines[first:end] if "  # " in line]
    for line in lines[end:] if found else ():
        if not line.strip().startswith("# "):
            break
        found.append(line.strip()[2:])
    return " ".join(found)


def of_value(package: str, name: str, value: Any) -> str:
    """A registry with the names in it; or a constant or type as it is written, with what is said beside it."""
    if isinstance(value, Registry):
        names = ", ".join(f"`{entry}`" for entry in value)
        return directive("data", name, f"By name, each {value.what}: {names}, or package.module:name.")
    module = written_in(package, name)
    lines = inspect.getsource(sys.modules[module]).splitlines()
    for line in source(module).body:
        target = line.targets[0] if isinstance(line, ast.Assign) else getattr(line, "target", None)
        if isinstance(line, ast.Assign | ast.AnnAssign) and ast.unparse(target) == name and line.value:
            said = comment(lines, line.lineno - 1, line.end_lineno or line.lineno)
            return directive("data", name, f"`{ast.unparse(line.value)}`" + (f": {said}" if said else ""))
    return directive("data", name, f"`{value!r}`")


def written_in(package: str, name: str) -> str:
    """The module that a package's list of names says a name comes from."""
    listed = Path(importlib.import_module(package).__file__ or "").with_suffix(".pyi").read_text(encoding="utf-8")
    for line in ast.parse(listed).body:
        if isinstance(line, ast.ImportFrom) and name in [alias.name for alias in line.names]:
            module = importlib.import_module(f"{'.' * line.level}{line.module}", package)
            is_package = Path(module.__file__ or "").name == "__init__.py"
            return written_in(module.__name__, name) if is_package else module.__name__
    raise KeyError(name)


def docstring(package: str, value: Any) -> str:
    """A docstring as Markdown: arguments as a list, names of the package and pages of the docs as links."""
    lines = (inspect.getdoc(value) or "").splitlines()
    if inspect.isclass(value) and not vars(value).get("__doc__"):
        lines = []
    if lines and lines[0].startswith(f"{getattr(value, '__name__', '')}("):
        lines = []  # what the decorator of a dataclass writes where there is none
    text = linked("\n".join(itemized(lines)))
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
