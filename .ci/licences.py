"""Does every dependency carry a licence that may be shipped?"""
import json
import re
import subprocess
import sys

ALLOWED = {
    "MIT", "MIT-0", "Apache-2.0", "Apache-2.0 WITH LLVM-exception", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC",
    "Zlib", "Unicode-3.0", "CC0-1.0", "Unlicense", "BSL-1.0", "CDLA-Permissive-2.0", "bzip2-1.0.6", "MPL-2.0", "OpenSSL",
    "NCSA",  # libFuzzer, which is in no binary that is shipped
}


def allowed(expression):
    """Whether an SPDX expression can be met with allowed licences."""
    parts = re.split(r"\s+(OR|AND)\s+|([()])", expression.replace("/", " OR "))
    code = "".join(
        {"OR": " or ", "AND": " and ", "(": "(", ")": ")"}.get(part, str(part.strip() in ALLOWED))
        for part in parts if part and part.strip()
    )
    return eval(code, {"__builtins__": {}})


packages = {}
for manifest in ["Cargo.toml", "crates/python/Cargo.toml"]:
    asked = ["cargo", "metadata", "--locked", "--format-version", "1", "--manifest-path", manifest]
    packages |= {package["id"]: package for package in json.loads(subprocess.check_output(asked))["packages"]}
refused = [
    f"{package['name']} {package['version']}: {package['license']}"
    for package in packages.values()
    if package["source"] and not (package["license"] and allowed(package["license"]))
]
print("\n".join(refused) or f"{len(packages)} packages, all allowed")
sys.exit(bool(refused))
