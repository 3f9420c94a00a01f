"""The house rules as functions: each takes a parsed file (or its text) and yields one sentence per breach.

They look at the syntax only. What one module may import from another is checked by import-linter (see pyproject.toml).
"""

import ast
import re
from collections.abc import Iterator

FILE_LINES_BELOW = 500
FUNCTION_LINES_MAX = 60
SUPERVISOR = "src/whaletrader/runtime/supervisor.py"
CORE = ("quant", "domain", "messages", "agents")
SEEDED = {"Generator", "PCG64", "PCG64DXSM", "Philox", "SFC64", "SeedSequence", "BitGenerator", "default_rng"}
IMPURE_CALLS = {"print", "open", "input", "breakpoint"}
IMPURE_MODULES = {
    "asyncio",
    "logging",
    "os",
    "pathlib",
    "random",
    "secrets",
    "socket",
    "subprocess",
    "threading",
    "time",
}
CLOCKS = {"now", "utcnow", "today"}
ASSERTING_CALL = re.compile(r"assert|raises|check|verify|expect|fail|refused|wait_until", re.IGNORECASE)
# Put together from pieces, so that this file keeps its own rules.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3, "HA" + "CK")) + r")\b")
MACHINE_PATH = re.compile(r"(?<![\w.\-])/(work|farm|root|tmp|home/\w+|Users/\w+)(/|\b)")
REGISTRIES = (
    ("pypi", "org"),
    ("pythonhosted", "org"),
    ("npmjs", "org"),
    ("crates", "io"),
    ("golang", "org"),
    ("debian", "org"),
)
REGISTRY = re.compile("|".join([rf"\b{name}\.{end}\b" for name, end in REGISTRIES] + ["--(extra-)?index" + "-url"]))

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def nodes(tree: ast.AST, *kinds: type) -> Iterator[ast.AST]:
    """Every node of these kinds, in source order."""
    return (node for node in ast.walk(tree) if isinstance(node, kinds))


def long_file(text: str) -> Iterator[str]:
    """A file has fewer than 500 lines."""
    lines = text.count("\n")
    if lines >= FILE_LINES_BELOW:
        yield f"the file has {lines} lines"


def long_functions(tree: ast.AST) -> Iterator[str]:
    """A function has at most 60 lines, signature and docstring included."""
    for node in nodes(tree, *FUNCTIONS):
        length = node.end_lineno - node.lineno + 1
        if length > FUNCTION_LINES_MAX:
            yield f"line {node.lineno}: {node.name} has {length} lines"


def impurities(tree: ast.AST) -> Iterator[str]:
    """The core calculates and decides: no waiting, clock, global chance, logging, printing or I/O."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.AsyncFunctionDef, ast.Await, ast.AsyncFor, ast.AsyncWith)):
            yield f"line {node.lineno}: async code"
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found = sorted(imported(node) & IMPURE_MODULES)
            if found:
                yield f"line {node.lineno}: imports {', '.join(found)}"
        elif isinstance(node, ast.Call):
            yield from impure_call(node)


def impure_call(node: ast.Call) -> Iterator[str]:
    """A call of print or open, of a clock, or of a generator that nobody seeded."""
    name = ast.unparse(node.func)
    last = name.rsplit(".", maxsplit=1)[-1]
    if name in IMPURE_CALLS:
        yield f"line {node.lineno}: calls {name}"
    if last in CLOCKS and ("datetime" in name or "date." in name):
        yield f"line {node.lineno}: asks the clock with {name}"
    if re.match(r"(np|numpy)\.random\.", name) and (last not in SEEDED or not (node.args or node.keywords)):
        yield f"line {node.lineno}: {name} draws from a generator that was not passed in"


def imported(node: ast.AST) -> set[str]:
    """The top-level names of what an import statement imports."""
    if isinstance(node, ast.ImportFrom):
        return {(node.module or "").split(".")[0]} if not node.level else set()
    return {alias.name.split(".")[0] for alias in node.names}


def broad_handlers(tree: ast.AST) -> Iterator[str]:
    """Only the supervisor may catch everything."""
    for node in nodes(tree, ast.ExceptHandler):
        caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
        if any(kind is None or ast.unparse(kind) in {"Exception", "BaseException"} for kind in caught):
            yield f"line {node.lineno}: catches everything"


def promises(tree: ast.AST) -> Iterator[str]:
    """No layer is only a promise."""
    for node in nodes(tree, ast.Name):
        if node.id == "NotImplemented" + "Error":
            yield f"line {node.lineno}: {node.id}"


def builtin_hashes(tree: ast.AST) -> Iterator[str]:
    """The built-in hash differs from process to process, so nothing may depend on it."""
    for node in nodes(tree, ast.Call):
        if isinstance(node.func, ast.Name) and node.func.id == "hash":
            yield f"line {node.lineno}: hash() differs between processes"


def missing_docstring(tree: ast.Module) -> Iterator[str]:
    """Every module says what it does."""
    if not ast.get_docstring(tree):
        yield "no module docstring"


def loose_kernels(tree: ast.AST) -> Iterator[str]:
    """A kernel is cached, and its result depends neither on fast-math nor on the number of threads."""
    for node in ast.walk(tree):
        if isinstance(node, FUNCTIONS):
            bare = [decorator for decorator in node.decorator_list if is_compiler(decorator)]
            yield from (f"line {node.lineno}: {node.name} is a kernel without cache=True" for _ in bare)
        elif isinstance(node, ast.Call) and is_compiler(node.func):
            options = {key.arg: ast.unparse(key.value) for key in node.keywords}
            if options.get("cache") != "True":
                yield f"line {node.lineno}: a kernel without cache=True"
            yield from (
                f"line {node.lineno}: a kernel with {bad}" for bad in ("fastmath", "parallel") if bad in options
            )
        elif isinstance(node, ast.Name) and node.id == "prange":
            yield f"line {node.lineno}: prange"


def is_compiler(node: ast.AST) -> bool:
    """Tell whether an expression names one of numba's compilers."""
    return ast.unparse(node).split(".")[-1] in {"jit", "njit", "vectorize", "guvectorize"}


def mocks(tree: ast.AST) -> Iterator[str]:
    """Fakes are written by hand."""
    for node in nodes(tree, ast.Import, ast.ImportFrom):
        if "mock" in ast.unparse(node):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def sleeps(tree: ast.AST) -> Iterator[str]:
    """A test waits for a condition, not for time to pass."""
    for node in nodes(tree, ast.Call):
        if ast.unparse(node.func) in {"time.sleep", "sleep", "asyncio.sleep"}:
            yield f"line {node.lineno}: sleeps"


def tests_without_assertion(tree: ast.AST) -> Iterator[str]:
    """A test that cannot fail is none."""
    for node in nodes(tree, *FUNCTIONS):
        if not node.name.startswith("test_"):
            continue
        calls = [ast.unparse(call.func) for call in nodes(node, ast.Call)]
        if not any(nodes(node, ast.Assert)) and not any(ASSERTING_CALL.search(call) for call in calls):
            yield f"line {node.lineno}: {node.name} asserts nothing"


def unfinished(text: str) -> Iterator[str]:
    """Unfinished work stands in the tracker, not in a file."""
    yield from pattern_breaches(text, UNFINISHED, "unfinished work marked with")


def machine_paths(text: str) -> Iterator[str]:
    """A file names no folder of one machine."""
    yield from pattern_breaches(text, MACHINE_PATH, "a path of one machine:")


def registry_hosts(text: str) -> Iterator[str]:
    """A file names no package index: where packages come from is the user's own setting."""
    yield from pattern_breaches(text, REGISTRY, "a package index:")


def pattern_breaches(text: str, pattern: re.Pattern[str], what: str) -> Iterator[str]:
    """One sentence per line in which the pattern occurs."""
    for number, line in enumerate(text.splitlines(), start=1):
        match = pattern.search(line)
        if match:
            yield f"line {number}: {what} {match.group()}"
