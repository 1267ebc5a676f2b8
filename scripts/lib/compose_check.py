"""Checks of a compose file that its schema cannot express.

Every name that a service refers to is defined, every definition is used, mounted files exist, and
nothing but 127.0.0.1 is published. Needs PyYAML. Usage: compose_check.py FILE
"""

import pathlib
import sys

import yaml


def names(value):
    """The names in a reference list, in its short or its long form."""
    return [entry if isinstance(entry, str) else entry.get("source") for entry in value or []]


def check(path):
    file = yaml.safe_load(path.read_text(encoding="utf-8"))
    services = file["services"]
    used = {"networks": set(), "secrets": set(), "volumes": set()}

    for name, service in services.items():
        for other in service.get("depends_on", []):
            if other not in services:
                yield f"{name} depends on {other}, which is not a service"
        for volume in names(service.get("volumes")):
            source = volume.split(":", 1)[0]
            if not source.startswith("."):
                used["volumes"].add((name, source))
            elif not (path.parent / source).exists():
                yield f"{name} mounts {source}, which does not exist"
        for kind in ("networks", "secrets"):
            used[kind] |= {(name, other) for other in names(service.get(kind))}
        for port in service.get("ports", []):
            if not str(port).startswith("127.0.0.1:"):
                yield f"{name} publishes {port}: only 127.0.0.1 may be published"

    for kind, references in used.items():
        defined = set(file.get(kind) or {})
        for name, other in sorted(references):
            if other not in defined:
                yield f"{name} uses {other}, which is not among the {kind}"
        for other in sorted(defined - {other for _, other in references}):
            yield f"nothing uses {other} of the {kind}"


if __name__ == "__main__":
    findings = list(check(pathlib.Path(sys.argv[1])))
    for finding in findings:
        print(f"{sys.argv[1]}: {finding}", file=sys.stderr)
    sys.exit(1 if findings else 0)
