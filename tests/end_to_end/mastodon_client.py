"""Reads the fake instance with Mastodon.py, to its end: what the reference client reads is true."""

import sys

from mastodon import Mastodon, StreamListener

port, token, last = sys.argv[1], sys.argv[2], sys.argv[3]
client = Mastodon(
    api_base_url=f"http://127.0.0.1:{port}", access_token=token, version_check_mode="none"
)

page = client.timeline_hashtag("acme", min_id=1, limit=2)
found = []
while page:
    found.extend(int(status.id) for status in page)
    page = client.fetch_previous(page)
assert len(found) == len(set(found)) == 5, found
assert client.status(last).content.startswith("<p>acme"), last
assert [str(status.id) for status in client.statuses([last, 7])] == [last]


class Listener(StreamListener):
    def __init__(self):
        self.heard = []

    def on_update(self, status):
        self.heard.append("update " + status.content)

    def on_status_update(self, status):
        self.heard.append("edit " + status.content)

    def on_delete(self, status_id):
        self.heard.append("delete")
        raise KeyboardInterrupt


listener = Listener()
print("listening", flush=True)
try:
    client.stream_hashtag("acme", listener)
except KeyboardInterrupt:
    pass
print("; ".join(listener.heard))
