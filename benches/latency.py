"""How long from a post to the webhook of the alert it causes?

usage: python3 benches/latency.py [--binary PATH] [--posts-per-second N] [--topics N] [--seconds N] [--set KEY=VALUE...]

Settings of [engine] are the defaults, unless --set gives them, as in: --set beat=never --set lateness=1s

Plays posts at their own pace over a loopback WebSocket. Every second one of them makes a
threshold rule fire for a topic of its own among many; a loopback receiver notes when the message arrives. The
latency counts from the instant at which the post is due on the wire.
"""
import argparse
import http.server
import json
import os
import statistics
import subprocess
import tempfile
import threading
import time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def frames(path, rate, seconds):
    """Writes the frames; one negative post a second, each about another topic."""
    base = 1_772_366_400_000_000
    with open(path, "w") as out:
        for number in range(seconds * rate):
            time_us = base + number * 1_000_000 // rate
            second, marks = number // rate, number % rate == rate // 2
            text = f"brand{second} is a horrible disaster" if marks else "nothing to see here, just a post among many others"
            stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time_us // 1_000_000)) + f".{time_us % 1_000_000:06}Z"
            record = {"$type": "app.bsky.feed.post", "text": text, "createdAt": stamp, "langs": ["en"]}
            commit = {"rev": "r", "operation": "create", "collection": "app.bsky.feed.post", "rkey": f"k{number}", "record": record}
            out.write(json.dumps({"did": f"did:plc:{number}", "time_us": time_us, "kind": "commit", "commit": commit}) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=f"{REPOSITORY}/target/dist/resonanz")
    parser.add_argument("--posts-per-second", type=int, default=1_000)
    parser.add_argument("--topics", type=int, default=60, help="at least one for each second")
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of [engine]")
    args = parser.parse_args()
    arrived = {}

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            if body["type"] == "alert.fired":
                arrived.setdefault(int(body["data"]["topic"][5:]), time.monotonic())
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_):
            pass

    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder:
        frames(f"{folder}/frames.jsonl", args.posts_per_second, args.seconds)
        server = subprocess.Popen(
            [args.binary, "replay", f"{folder}/frames.jsonl", "--format", "jetstream", "--speed", "1", "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, text=True)
        url = server.stdout.readline().split()[-1]
        topics = "".join(f'[[topic]]\nname = "brand{n}"\nquery = "brand{n}"\n' for n in range(args.topics))
        with open(f"{folder}/c.toml", "w") as out:
            engine = "".join('{} = "{}"\n'.format(*setting.split("=", 1)) for setting in args.set)
            out.write(f'[lake]\npath = "lake"\n[engine]\n{engine}'
                      f'[[source]]\nname = "ws"\ntype = "websocket"\nurl = "{url}"\n'
                      f'[[receiver]]\nname = "r"\nurl = "http://127.0.0.1:{receiver.server_port}/"\ninternal = true\n'
                      f'[[rule]]\nname = "any"\ntype = "threshold"\ncount = 1\nmin_authors = 1\nreceivers = ["r"]\n{topics}')
        run = subprocess.Popen([args.binary, "run", "--config", f"{folder}/c.toml", "-v"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while "connected" not in run.stderr.readline():
            pass
        connected = time.monotonic()
        threading.Thread(target=lambda: [None for _ in run.stderr], daemon=True).start()
        while len(arrived) < args.seconds - 12 and time.monotonic() < connected + args.seconds + 60:
            time.sleep(0.05)
        run.terminate()
        run.wait()
        server.kill()
    waits = sorted(at - connected - (second + 0.5) for second, at in arrived.items())
    p99 = waits[min(len(waits) - 1, round(0.99 * len(waits)))]
    print(f"| {args.posts_per_second:,} | {args.topics:,} | {' '.join(args.set) or 'defaults'} | {len(waits)} | {statistics.median(waits):.2f} s | {p99:.2f} s |")


main()
