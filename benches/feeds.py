"""What do many feeds cost one process? Memory and processor time, by /proc.

    python3 benches/feeds.py BINARY [FEEDS]

Serves feeds of 20 entries of about 2 kB each, with entity tags, from this process; runs the binary on one of them and
on all, asked each minute; waits until each was read, and then measures for 30 seconds in which each is asked half a time."""

import http.server
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

TICKS = os.sysconf("SC_CLK_TCK")
ENTRIES = 20
asked = set()


class Site(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        asked.add(self.path)
        if self.headers.get("if-none-match") == '"1"':
            self.send_response(304)
            self.send_header("etag", '"1"')
            self.end_headers()
            return
        words = "the crane of acme is late again and nobody says why " * 40
        now = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime())
        items = "".join(
            f"<item><guid>https://h.example{self.path}/{n}</guid><title>{n} {self.path}</title><pubDate>{now}</pubDate>"
            f"<description>{n} {self.path} {words}</description></item>"
            for n in range(ENTRIES)
        )
        body = f'<rss version="2.0"><channel>{items}</channel></rss>'.encode()
        self.send_response(200)
        self.send_header("etag", '"1"')
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def memory_mib(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024


def busy_s(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(binary, port, feeds):
    asked.clear()
    with tempfile.TemporaryDirectory() as folder:
        urls = ", ".join(f'"http://127.0.0.1:{port}/{n}"' for n in range(feeds))
        config = pathlib.Path(folder, "run.toml")
        config.write_text(
            f'[lake]\npath = "lake"\n[[topic]]\nname = "acme"\nquery = "acme"\n'
            f'[[source]]\nname = "f"\ntype = "feed"\ninterval = "1m"\nurls = [{urls}]\n'
        )
        run = subprocess.Popen([binary, "run", "--config", config], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            begin = time.monotonic()
            while len(asked) < feeds:
                assert time.monotonic() - begin < 120, f"{len(asked)} of {feeds} feeds were asked"
                time.sleep(0.2)
            read = time.monotonic() - begin
            time.sleep(20)
            before, begin = busy_s(run.pid), time.monotonic()
            time.sleep(30)
            share = (busy_s(run.pid) - before) / (time.monotonic() - begin)
            return memory_mib(run.pid), share, read
        finally:
            run.terminate()
            run.wait()


def main():
    binary, feeds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 200
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    port = server.server_address[1]
    rows = {count: measure(binary, port, count) for count in (1, feeds)}
    for count, (memory, share, read) in rows.items():
        print(f"{count} feeds: {memory:.0f} MiB, {100 * share:.1f} % of a core, all read after {read:.0f} s")
    more = rows[feeds][0] - rows[1][0]
    print(f"{feeds - 1} feeds more cost {more:.0f} MiB")
    assert more < 100 and rows[feeds][1] < 0.05, "more than 100 MiB, or 5 % of a core"


main()
