"""Does the HTTP API keep to its own document? Schemathesis asks what the document allows, and more.

    .ci/contract.py RESONANZ SCHEMATHESIS

No answer may be 5xx, of a status, type or shape that the document does not know. The lake is made of the bundled
archive. The live stream, which does not end, is left out. It is asked twice: where nobody logs in, and where a
token is demanded."""

import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"

resonanz, schemathesis = sys.argv[1:]
with tempfile.TemporaryDirectory() as work:
    lake = f"{work}/lake"
    subprocess.run([resonanz, "reprocess", ROOT / "data/archive.jsonl.zst", "--config", ROOT / "data/demo.toml",
                    "--lake", lake], check=True)
    config = pathlib.Path(work, "door.toml")
    config.write_text((ROOT / "data/demo.toml").read_text())
    token = subprocess.run([resonanz, "users", "token", "contract", "--role", "admin", "--write", "--config", config],
                           check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    for options, headers in [[[], []], [["--config", config], ["--header", f"Authorization: Bearer {token}"]]]:
        served = subprocess.Popen([resonanz, "serve", "--lake", lake, "--listen", "127.0.0.1:0", *options], text=True,
                                  stdout=subprocess.PIPE)
        try:
            address = served.stdout.readline().split()[-1]
            asked = [schemathesis, "run", f"{address}/api/v1/openapi.json", "--url", address, "--phases",
                     "coverage,fuzzing", "--exclude-path", "/api/v1/live", "--checks", CHECKS, "--max-examples", "10",
                     "--seed", "1", "--generation-deterministic", "--no-color", *headers]
            code = subprocess.run(asked, cwd=work).returncode
        finally:
            served.kill()
        if code:
            sys.exit(code)
