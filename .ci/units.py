"""Do the files for service managers and clusters still hold? Needs `pip install kubernetes-validate`.

    python3 .ci/units.py RESONANZ

Units are read by systemd's own checker where there is one, manifests by Kubernetes' schemas; what they start is started,
with a stand-in for the command, so that its arguments can be looked at; and the health check of the image asks a server
that is well, one that is not, and none."""

import http.server
import pathlib
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading

import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent / "packaging"
CONFIG = ["--config", "/etc/resonanz/resonanz.toml", "--log-json"]


def told(command, folder, **environment):
    """The arguments with which a command line starts `resonanz`."""
    stand_in = folder / "bin" / "resonanz"
    stand_in.parent.mkdir(exist_ok=True)
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    stand_in.chmod(0o755)
    path = f"{stand_in.parent}:/usr/bin:/bin"
    done = subprocess.run(command, env={"PATH": path, **environment}, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def known(binary, arguments):
    """Whether the command has these options."""
    subprocess.run([binary, *arguments, "--help"], stdout=subprocess.DEVNULL, check=True)


def units(binary, folder):
    wanted = {
        "resonanz.service": ["run", *CONFIG],
        "resonanz-relay.service": ["relay", *CONFIG],
        "resonanz-shard@.service": ["run", "--shard", "2/3", "--port", "8602", *CONFIG],
    }
    assert sorted(wanted) == sorted(unit.name for unit in ROOT.glob("*.service"))
    checked = []
    for name, arguments in wanted.items():
        text = (ROOT / name).read_text(encoding="utf-8")
        start = re.search(r"^ExecStart=(.*)", text, re.M)[1]
        assert told(shlex.split(start.replace("%i", "2-3")), folder) == arguments, name
        known(binary, arguments)
        # The checker looks for the command, which is not installed here.
        unit = folder / name.replace("@.", "@2-3.")
        unit.write_text(text.replace("ExecStart=resonanz ", f"ExecStart={binary} "), encoding="utf-8")
        checked.append(unit)
    if shutil.which("systemd-analyze"):
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", *checked], capture_output=True, text=True)
        ours = [line for line in done.stderr.splitlines() if "resonanz" in line]
        assert done.returncode == 0 and not ours, done.stderr
    else:
        print("no systemd-analyze here: the units were not checked by it")


def manifests(binary, folder):
    path = ROOT / "kubernetes.yaml"
    validate = pathlib.Path(sys.executable).parent / "kubernetes-validate"
    subprocess.run([validate, "--strict", path], check=True)
    resources = list(yaml.safe_load_all(path.read_text(encoding="utf-8")))
    services = {of["metadata"]["name"] for of in resources if of["kind"] == "Service"}
    started = {}
    for stateful in (of for of in resources if of["kind"] == "StatefulSet"):
        name, spec = stateful["metadata"]["name"], stateful["spec"]
        pod = spec["template"]["spec"]
        assert spec["serviceName"] in services, name
        labels = spec["template"]["metadata"]["labels"]
        assert spec["selector"]["matchLabels"].items() <= labels.items(), name
        volumes = {volume["name"] for volume in pod.get("volumes", [])}
        volumes |= {claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])}
        [container] = pod["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == volumes, name
        assert pod["securityContext"]["runAsNonRoot"] and container["securityContext"]["readOnlyRootFilesystem"], name
        command = container.get("command", ["resonanz"]) + container["args"]
        for number in range(spec["replicas"]):
            arguments = told(command, folder, HOSTNAME=f"{name}-{number}")
            known(binary, arguments)
            started[f"{name}-{number}"] = arguments
    assert started == {
        "resonanz-of-3-0": ["run", "--shard", "1/3", *CONFIG],
        "resonanz-of-3-1": ["run", "--shard", "2/3", *CONFIG],
        "resonanz-of-3-2": ["run", "--shard", "3/3", *CONFIG],
        "resonanz-relay-0": ["relay", *CONFIG],
    }, started


def image(binary, folder):
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    check = yaml.safe_load(re.search(r"^HEALTHCHECK .* CMD (\[.*\])", text, re.M)[1])
    assert check[0] == "resonanz", check

    class Health(http.server.BaseHTTPRequestHandler):
        code = 200

        def do_GET(self):
            self.send_response(Health.code if self.path == "/healthz" else 404)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Health)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    # As in a container, whose port is reached from outside.
    config = folder / "resonanz.toml"
    config.write_text(f'[serve]\nlisten = "0.0.0.0:{server.server_port}"\nexposed = true\n', encoding="utf-8")

    def asked():
        environment = {"RESONANZ_CONFIG": str(config)}
        return subprocess.run([binary, *check[1:]], env=environment, capture_output=True).returncode

    for code, wanted in [(200, 0), (503, 1)]:
        Health.code = code
        assert asked() == wanted, code
    server.shutdown()
    server.server_close()
    assert asked() == 1, "nobody listens there"


if __name__ == "__main__":
    binary = str(pathlib.Path(sys.argv[1]).resolve())
    with tempfile.TemporaryDirectory() as scratch:
        units(binary, pathlib.Path(scratch))
        manifests(binary, pathlib.Path(scratch))
        image(binary, pathlib.Path(scratch))
    print("units, manifests and health check hold")
