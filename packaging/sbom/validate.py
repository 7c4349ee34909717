"""Judges CycloneDX documents by the published schema of the version that each names."""

import json
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

faults = 0
for name in sys.argv[1:]:
    with open(name, encoding="utf-8") as file:
        text = file.read()
    version = json.loads(text)["specVersion"]
    fault = JsonStrictValidator(SchemaVersion.from_version(version)).validate_str(text)
    said = str(fault).splitlines()
    verdict = f"{said[0]}, at {said[-2]} {said[-1].strip()}" if fault else f"valid CycloneDX {version}"
    print(f"    {name}: {verdict}")
    faults += fault is not None
sys.exit(1 if faults or not sys.argv[1:] else 0)
