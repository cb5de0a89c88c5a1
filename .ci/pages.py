"""Do the pages for people still hold? Goes through the first hour and the questions of the recipes as they stand.

    python3 .ci/pages.py RESONANZ [--show]

Every command must succeed, the alerts of the first hour must come and be delivered, and the German page must give the
same commands. With --show it prints what each command answers, to be compared with the page."""

import http.server
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
SHOW = "--show" in sys.argv
SECONDS_MAX = 60


def blocks(page):
    """The fenced blocks of a page: language and lines."""
    return [(kind, body.splitlines()) for kind, body in
            re.findall(r"^```(\w+)\n(.*?)^```", (ROOT / page).read_text(encoding="utf-8"), re.S | re.M)]


def commands(lines):
    """The commands of a console block, each with the lines that it answers."""
    found = []
    for line in lines:
        if line.startswith("$ "):
            found.append([line[2:], []])
        elif found[-1][0].count('"') % 2 == 1:
            found[-1][0] += "\n" + line
        else:
            found[-1][1].append(line)
    return found


class Hook(http.server.BaseHTTPRequestHandler):
    told = []

    def do_POST(self):
        Hook.told.append(self.rfile.read(int(self.headers["content-length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_):
        pass


def run(command, folder, answer=()):
    done = subprocess.run(["bash", "-c", command], cwd=folder, capture_output=True, text=True, timeout=SECONDS_MAX)
    if SHOW:
        print(f"$ {command}\n{done.stdout}{done.stderr}", end="")
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    assert not answer or "\n".join(answer).strip() == done.stdout.strip(), f"{command}\n{done.stdout}"


def listen(command, wanted, folder):
    """Runs until all wanted lines were printed, then as Ctrl-C."""
    process = subprocess.Popen(["bash", "-c", f"exec {command.split('|')[0]}"], cwd=folder, text=True,
                               stdout=subprocess.PIPE)
    watch = threading.Timer(SECONDS_MAX, process.kill)
    watch.start()
    missing = list(wanted)
    for line in process.stdout:
        if SHOW:
            print(line, end="")
        missing = [one for one in missing if one not in line]
        if not missing:
            process.send_signal(signal.SIGINT)
            missing = ["never again"]
    watch.cancel()
    assert missing == ["never again"] and process.wait() == 0, f"{command}: never printed {missing}"


def edit(config, number, lines):
    """What the page says to change in the configuration: the topic, the receiver, the source."""
    text, table = config.read_text(), "\n".join(lines) + "\n"
    if number == 0:
        text = re.sub(r'\[\[topic\]\]\nname = "acme"\n.*?\n\n', lambda _: table + "\n", text, count=1, flags=re.S)
    elif number == 1:
        text = text.replace("receivers = []", 'receivers = ["team"]') + "\n" + table + "internal = true\n"
    elif number == 2:
        text = re.sub(r"\[\[source\]\]\n.*?\n\n", lambda _: table + "\n", text, count=1, flags=re.S)
    config.write_text(text)


def first_hour(work):
    folder, tables, played = work / "listening", 0, None
    try:
        for kind, lines in blocks("docs/first-hour.md"):
            if kind == "toml":
                edit(folder / "resonanz.toml", tables, lines)
                tables += 1
                continue
            for command, answer in commands(lines):
                if command.startswith("export "):
                    continue
                if command.startswith("mkdir"):
                    folder.mkdir()
                elif command.startswith("resonanz replay"):
                    played = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=folder, text=True,
                                              stdout=subprocess.PIPE)
                    played.stdout.readline()
                elif command.startswith("resonanz run"):
                    alerts = re.findall(r"^\S+Z +\w+", "\n".join(answer), re.M)
                    assert len(alerts) == 4, "the page shows four messages"
                    listen(command, alerts, folder)
                else:
                    run(command, folder)
    finally:
        if played:
            played.kill()
    assert len(Hook.told) == 6, f"{len(Hook.told)} messages came: a test of two, an alert of four"


def recipes(work):
    made = False
    for kind, lines in blocks("docs/recipes.md"):
        for command, _ in commands(lines) if kind == "console" else []:
            if "demo-lake" in command:
                run(command, work)
                made = True
    assert made, "the recipes ask a lake"


def cookbook(work):
    """Every command, and the programs where RESONANZ_PYTHON names a Python that has their libraries."""
    python, served = os.environ.get("RESONANZ_PYTHON"), None
    try:
        for kind, lines in blocks("docs/cookbook.md"):
            if kind == "python" and python:
                (work / "program.py").write_text("\n".join(lines))
                run(f"{python} program.py", work)
            for command, answer in commands(lines) if kind == "console" else []:
                if command.startswith("resonanz serve"):
                    served = subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=work, text=True,
                                              stdout=subprocess.PIPE)
                    served.stdout.readline()
                elif not command.startswith("resonanz reprocess"):
                    run(command, work, answer)
    finally:
        if served:
            served.kill()
    if not python:
        print("RESONANZ_PYTHON is not set: programs of the cookbook were not run")


def main():
    os.environ["PATH"] = f"{pathlib.Path(sys.argv[1]).resolve().parent}:{os.environ['PATH']}"
    hook = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    os.environ["TEAM_SLACK"] = f"http://127.0.0.1:{hook.server_port}/services"
    english, german = ([lines for kind, lines in blocks(page) if kind == "console"]
                       for page in ("docs/first-hour.md", "docs/de/erste-stunde.md"))
    for lines in german:
        assert any(set(lines) <= set(other) for other in english), f"not in docs/first-hour.md: {lines}"
    with tempfile.TemporaryDirectory() as work:
        work = pathlib.Path(work)
        (work / "data").symlink_to(ROOT / "data")
        first_hour(work)
        recipes(work)
        cookbook(work)


main()
