"""Write the wire contract's generated files from the Python declarations.

    python scripts/generate_messages.py [FOLDER]

FOLDER is by default `src/whaletrader/messages/_generated`, whose `fields.json` is read for the numbers that were given
before. Needs grpcio-tools (the dev requirements).
"""

import sys
import tempfile
from pathlib import Path

from grpc_tools import protoc

from whaletrader.messages import generate

GENERATED = Path(__file__).resolve().parents[1] / "src/whaletrader/messages/_generated"
PROTO = "whaletrader/messages/_generated/messages.proto"


def main(target: Path = GENERATED) -> None:
    """Write every generated file into `target`."""
    ledger_file = GENERATED / "fields.json"
    old = generate.read_ledger(ledger_file.read_text(encoding="utf-8")) if ledger_file.exists() else {}
    declared = generate.declarations()
    ledger = generate.number_fields(old, declared)
    proto = generate.render_proto(ledger, declared)
    contents = {
        "__init__.py": f'"""{generate.DO_NOT_EDIT}"""\n',
        "fields.json": generate.render_ledger(ledger),
        "messages.proto": proto,
        "messages_pb2.py": compiled(proto),
        "conversion.py": generate.render_conversion(declared),
    }
    target.mkdir(parents=True, exist_ok=True)
    for name, text in contents.items():
        (target / name).write_text(text, encoding="utf-8")


def compiled(proto: str) -> str:
    """Run protoc over the `.proto` text and return the Python module it writes."""
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / PROTO
        source.parent.mkdir(parents=True)
        source.write_text(proto, encoding="utf-8")
        if protoc.main(["protoc", f"-I{folder}", f"--python_out={folder}", PROTO]) != 0:
            raise SystemExit("protoc refused the generated file")
        return source.with_name("messages_pb2.py").read_text(encoding="utf-8")


if __name__ == "__main__":
    main(*[Path(argument) for argument in sys.argv[1:]])
