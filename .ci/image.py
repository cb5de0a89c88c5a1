"""Is the container what docs/deployment.md says? Builds the image and lives with it; needs root, podman, runc, mmdebstrap.

    python3 .ci/image.py RESONANZ [FOLDER]

No registry is asked: the root below the command is put together from Debian's packages, once, and kept in FOLDER. RESONANZ
is a command that was built for this Debian. Then the image runs as people run it, on a root that cannot be written: who it
is there, what its health check says with and without TLS, that a signal commits, that a new container goes on where the old
one ended, and what it says of folders and files that it may not use."""

import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent
DEBIAN, IMAGE = "localhost/resonanz-debian", "localhost/resonanz"
# Not every machine that runs this may raise limits as podman would.
LIMITS = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=4096:4096"]
CONFIG = """\
[lake]
path = "/lake/data"
commit_interval = "1s"

[serve]
listen = "0.0.0.0:8600"
{serve}

[[serve.user]]
name = "kim"
role = "admin"
password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$5fIuM8GmA8kpy8yA2vpPRGJmBvKzSAwJPAXUF0wYH0w"

[[source]]
name = "posts"
type = "file"
path = "/posts/posts.jsonl"
follow = true

[[topic]]
name = "acme"
query = "acme"
"""


def podman(*arguments, fails=False, stdin=None):
    command = ["podman", "--runtime", "runc", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, input=stdin)
    assert fails or done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done if fails else done.stdout.strip()


def build(binary, folder):
    root = folder / "debian-bookworm.tar"
    if not root.exists():
        part = root.with_suffix(".part.tar")
        subprocess.run(["mmdebstrap", "--variant=apt", "--include=ca-certificates", "bookworm", part], check=True)
        part.rename(root)
    podman("import", root, DEBIAN)
    # What somebody has after `cargo build --profile dist`.
    with tempfile.TemporaryDirectory() as context:
        context = pathlib.Path(context)
        (context / "target/dist").mkdir(parents=True)
        shutil.copy(binary, context / "target/dist/resonanz")
        shutil.copy(REPOSITORY / ".dockerignore", context)
        podman("build", "--format", "docker", "--isolation", "chroot", "-f", REPOSITORY / "packaging/Containerfile",
               "--build-arg", f"DEBIAN={DEBIAN}", "--build-arg", "COMMAND=built", "-t", IMAGE, context)
    told = json.loads(podman("image", "inspect", IMAGE))[0]
    assert told["Config"]["User"] == "10001" and told["Config"]["Volumes"] == {"/lake": {}}, told["Config"]
    assert told["HealthCheck" if "HealthCheck" in told else "Healthcheck"]["Test"] == ["CMD", "resonanz", "health"], told
    print(f"image: {told['Size'] / 1e6:.0f} MB")


class Place:
    """A configuration, posts, and containers over them."""

    def __init__(self, folder, serve="exposed = true"):
        self.folder = folder
        (folder / "posts").mkdir()
        self.posts = folder / "posts/posts.jsonl"
        self.posts.touch()
        self.count = 0
        self.config = folder / "resonanz.toml"
        self.config.write_text(CONFIG.format(serve=serve), encoding="utf-8")
        # Kept by nobody but whom the container's user is.
        folder.chmod(0o755)

    def say(self, posts):
        with self.posts.open("a", encoding="utf-8") as out:
            for _ in range(posts):
                post = {"id": str(self.count), "text": "acme is horrible", "posted_at": "2026-03-02T10:00:00Z"}
                out.write(json.dumps(post) + "\n")
                self.count += 1

    def run(self, name, *more, lake="resonanz-image-lake", fails=False):
        # Nothing but /lake can be written, not even /tmp.
        return podman("run", "-d", "--name", name, *LIMITS, "--read-only", "--read-only-tmpfs=false", "--cap-drop", "all",
                      "--security-opt", "no-new-privileges", "--stop-timeout", "90", "-v", f"{self.config}:/etc/resonanz/resonanz.toml:ro",
                      "-v", f"{self.folder / 'posts'}:/posts:ro", "-v", f"{lake}:/lake", *more, IMAGE, fails=fails)


def wait_for(what, ask):
    for _ in range(600):
        answer = ask()
        if answer:
            return answer
        time.sleep(0.2)
    raise AssertionError(f"waited too long for {what}")


def ended(name):
    """Exit code and words of a container that ended."""
    code = int(podman("wait", name))
    logs = podman("logs", name, fails=True)
    return code, logs.stdout + logs.stderr


def mentions(name):
    asked = podman("exec", name, "resonanz", "query", "--format", "csv", "SELECT count(*), count(DISTINCT post_id) FROM mentions", fails=True)
    return asked.stdout.split()[-1:] if asked.returncode == 0 else None


def lives(place):
    place.say(20)
    place.run("resonanz-one")
    wait_for("20 mentions", lambda: mentions("resonanz-one") == ["20,20"])
    assert podman("exec", "resonanz-one", "id", "-u") == "10001"
    assert podman("exec", "resonanz-one", "touch", "/usr/local/there", fails=True).returncode != 0
    podman("healthcheck", "run", "resonanz-one")
    second = place.run("resonanz-two")
    code, said = ended(second)
    assert code == 2 and "another process" in said, said
    place.say(20)
    podman("stop", "resonanz-one")
    code, said = ended("resonanz-one")
    assert code == 0, said
    podman("rm", "resonanz-one")
    place.say(20)
    place.run("resonanz-one")
    wait_for("60 mentions", lambda: mentions("resonanz-one") == ["60,60"])
    podman("kill", "resonanz-one")
    ended("resonanz-one")
    podman("rm", "resonanz-one")
    place.run("resonanz-one")
    place.say(20)
    wait_for("80 mentions", lambda: mentions("resonanz-one") == ["80,80"])


def asks_over_tls(folder):
    place = Place(folder, '[serve.tls]\ncert = "/posts/cert.pem"\nkey = "/posts/key.pem"')
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=listening.example.com",
                    "-keyout", folder / "posts/key.pem", "-out", folder / "posts/cert.pem"], check=True, capture_output=True)
    os.chown(folder / "posts/key.pem", 10001, 10001)
    place.run("resonanz-tls", lake="resonanz-image-tls")
    wait_for("health over TLS", lambda: podman("healthcheck", "run", "resonanz-tls", fails=True).returncode == 0)
    # A configuration that was broken meanwhile says nothing against the process that runs.
    place.config.write_text(place.config.read_text() + "[[topic]]\nname = 7\n", encoding="utf-8")
    podman("healthcheck", "run", "resonanz-tls")


def says_what_is_wrong(folder):
    place = Place(folder)
    (folder / "lake").mkdir(mode=0o700)
    code, said = ended(place.run("resonanz-wrong", lake=folder / "lake"))
    assert code == 1 and "/lake/data" in said and "ermission denied" in said, (code, said)
    place.config.chmod(0o600)
    code, said = ended(place.run("resonanz-closed"))
    assert code == 2 and "permission denied" in said and "this user can read" in said, (code, said)


def main():
    binary = pathlib.Path(sys.argv[1]).resolve()
    folder = pathlib.Path(sys.argv[2] if len(sys.argv) > 2 else tempfile.mkdtemp()).resolve()
    names = ["resonanz-one", "resonanz-two", "resonanz-tls", "resonanz-wrong", "resonanz-closed"]
    clear = lambda: (podman("rm", "-f", "-i", *names), podman("volume", "rm", "-f", "resonanz-image-lake", "resonanz-image-tls", fails=True))
    clear()
    build(binary, folder)
    try:
        with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two, tempfile.TemporaryDirectory() as three:
            lives(Place(pathlib.Path(one)))
            asks_over_tls(pathlib.Path(two))
            says_what_is_wrong(pathlib.Path(three))
    finally:
        clear()
    print("the container holds")


main()
